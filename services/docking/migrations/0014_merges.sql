-- Two registrations that are one person's, from events. Placements, departures, matches and certificates are the survivor's, once it is done.
CREATE TABLE merge (
    absorbed uuid PRIMARY KEY REFERENCES worker,
    survivor uuid NOT NULL,             -- of one that is done: never itself absorbed, so that one step leads there
    merged_on date NOT NULL,
    state text NOT NULL CONSTRAINT merge_state CHECK (state IN ('waiting', 'held', 'done')),
    held_for text CONSTRAINT merge_held_for CHECK (held_for IN ('both_abroad', 'stays_overlap')),
    held_since date,
    CONSTRAINT merge_not_into_itself CHECK (absorbed <> survivor),
    CONSTRAINT merge_held CHECK ((state = 'held') = (num_nonnulls(held_for, held_since) = 2))
);
CREATE INDEX merge_into ON merge (survivor);
CREATE INDEX merge_open ON merge (absorbed) WHERE state <> 'done';
CREATE INDEX proposal_of_worker ON proposal (worker);
CREATE INDEX certificate_of_worker ON certificate (worker);
