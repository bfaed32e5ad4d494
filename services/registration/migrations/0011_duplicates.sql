-- One person under two numbers: suspected by a key that both share or linked by hand, then merged or rejected.
CREATE TABLE duplicate (
    duplicate uuid PRIMARY KEY,
    earlier uuid NOT NULL REFERENCES worker,    -- by id, which grows with time
    later uuid NOT NULL REFERENCES worker,
    keys text[] NOT NULL CONSTRAINT duplicate_keys CHECK (keys <@ '{document,person,by_hand}' AND cardinality(keys) > 0),
    state text NOT NULL CONSTRAINT duplicate_state CHECK (state IN ('suspected', 'linked', 'merged', 'rejected', 'superseded')),
    found_at timestamptz NOT NULL,
    linked_for text CONSTRAINT duplicate_linked_for CHECK (linked_for IN ('same_document', 'same_person_seen', 'worker_said', 'relatives_said')),
    linked_by text,
    linked_at timestamptz,
    rejected_for text CONSTRAINT duplicate_rejected_for CHECK (rejected_for IN ('different_people', 'document_mistyped', 'not_proven')),
    decided_by text,
    decided_at timestamptz,
    survivor uuid,
    CONSTRAINT duplicate_two CHECK (earlier < later),
    CONSTRAINT duplicate_once UNIQUE (earlier, later),
    CONSTRAINT duplicate_linked CHECK (num_nonnulls(linked_for, linked_by, linked_at) IN (0, 3) AND (state <> 'linked' OR linked_by IS NOT NULL)),
    CONSTRAINT duplicate_decided CHECK ((state IN ('merged', 'rejected')) = (num_nonnulls(decided_by, decided_at) = 2)),
    CONSTRAINT duplicate_rejected CHECK ((state = 'rejected') = (rejected_for IS NOT NULL)),
    CONSTRAINT duplicate_merged CHECK (CASE state WHEN 'merged' THEN survivor IN (earlier, later) ELSE survivor IS NULL END)
);
CREATE INDEX duplicate_of_later ON duplicate (later);
CREATE INDEX duplicate_open ON duplicate (duplicate) WHERE state IN ('suspected', 'linked');

-- Whoever asks for an absorbed number is answered the survivor: never another absorbed one, so that one step leads there.
ALTER TABLE worker ADD merged_into uuid REFERENCES worker CONSTRAINT worker_not_into_itself CHECK (merged_into <> worker);
ALTER TABLE worker DROP CONSTRAINT worker_validity;
ALTER TABLE worker ADD CONSTRAINT worker_validity CHECK (validity IN ('active', 'suspended', 'lapsed', 'erased', 'merged'));
ALTER TABLE worker ADD CONSTRAINT worker_merged CHECK ((validity = 'merged') = (merged_into IS NOT NULL));
CREATE INDEX worker_absorbed ON worker (merged_into) WHERE merged_into IS NOT NULL;

-- Whoever shares a key is read from the front of an index, however many share it.
DROP INDEX personal_by_id;
DROP INDEX personal_by_blocking;
CREATE INDEX personal_by_id ON personal (id_hash, worker) WHERE id_hash IS NOT NULL;
CREATE INDEX personal_by_blocking ON personal (blocking_hash, worker);

-- Which spelling of names the blocking hash rests on. 1: character by character, before GB/T 28039; a sweep computes these anew and
-- compares them. 0: cannot be opened with the present key.
ALTER TABLE personal ADD spelling smallint NOT NULL DEFAULT 1 CONSTRAINT personal_spelling CHECK (spelling BETWEEN 0 AND 2);
ALTER TABLE personal ALTER COLUMN spelling SET DEFAULT 2;
CREATE INDEX personal_respelt ON personal (worker) WHERE spelling = 1;
