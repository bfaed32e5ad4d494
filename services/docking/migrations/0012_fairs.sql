-- Docking fairs, and what enterprises intend to take from the counties that took part.
CREATE TABLE fair (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    county text,                    -- null: held outside every county
    place text,
    held_on date NOT NULL,
    counties text[] NOT NULL CONSTRAINT fair_counties CHECK (cardinality(counties) BETWEEN 1 AND 300),
    enterprises uuid[] NOT NULL CONSTRAINT fair_enterprises CHECK (cardinality(enterprises) BETWEEN 1 AND 300),
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT fair_somewhere CHECK (county IS NOT NULL OR place IS NOT NULL)
);

CREATE TABLE intention (
    id uuid PRIMARY KEY,
    fair uuid NOT NULL REFERENCES fair,
    held_on date NOT NULL,          -- of the fair
    county text NOT NULL,
    enterprise uuid NOT NULL REFERENCES enterprise,
    destination text,               -- null: not agreed yet, and the occupation likewise
    occupation text,
    headcount integer NOT NULL CONSTRAINT intention_headcount CHECK (headcount BETWEEN 1 AND 100000),
    state text NOT NULL CONSTRAINT intention_state CHECK (state IN ('recorded', 'voided')),
    version integer NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX intention_once ON intention (fair, county, enterprise, coalesce(destination, ''), coalesce(occupation, ''))
    WHERE state = 'recorded';
CREATE INDEX intention_of ON intention (enterprise, county, held_on) WHERE state = 'recorded';

-- Which intention a match is counted against. No foreign key to the placement: it would wait for whoever cancels the placement, who
-- waits for the enterprise's intentions.
CREATE TABLE intention_match (
    placement uuid PRIMARY KEY,
    intention uuid NOT NULL REFERENCES intention,
    matched_on date NOT NULL
);
CREATE INDEX intention_match_of ON intention_match (intention, matched_on, placement);
CREATE INDEX placement_matched ON placement (enterprise, county, matched_on);
