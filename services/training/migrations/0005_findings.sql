-- What looks like fraud waits for an officer: one queue instead of a list of overlaps that nobody worked off.
CREATE TABLE finding (
    finding uuid PRIMARY KEY,
    kind text NOT NULL CONSTRAINT finding_kind CHECK (kind IN ('two_centres', 'long_day', 'pass_cap')),
    day date NOT NULL,
    worker uuid NOT NULL,
    enrolment uuid NOT NULL REFERENCES enrolment,
    other uuid REFERENCES enrolment, -- two_centres: where the worker was recorded as well
    minutes integer,                 -- long_day: of the whole day
    state text NOT NULL DEFAULT 'open' CONSTRAINT finding_state CHECK (state IN ('open', 'dismissed', 'upheld')),
    found_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    explanation text, -- may name somebody: stays here
    CONSTRAINT finding_two CHECK ((kind = 'two_centres') = (other IS NOT NULL)),
    CONSTRAINT finding_decided CHECK ((state = 'open') = (num_nonnulls(decided_by, decided_at, explanation) = 0))
);
CREATE UNIQUE INDEX finding_once ON finding (kind, day, least(enrolment, other), greatest(enrolment, other))
    WHERE kind = 'two_centres' OR state = 'open';
CREATE INDEX finding_open ON finding (finding) WHERE state = 'open';
CREATE INDEX finding_of ON finding (enrolment) WHERE state = 'open';
CREATE INDEX finding_of_other ON finding (other) WHERE state = 'open' AND other IS NOT NULL;
INSERT INTO finding (finding, kind, day, worker, enrolment, other, found_at)
SELECT gen_random_uuid(), 'two_centres', day, worker, enrolment, other, found_at FROM overlap;
DROP TABLE overlap;

-- A pass that is held: scored, and not counted until an officer has looked.
ALTER TABLE enrolment
    DROP CONSTRAINT enrolment_state,
    ADD CONSTRAINT enrolment_state CHECK (state IN ('enrolled', 'held', 'passed', 'failed', 'certified', 'cancelled')),
    DROP CONSTRAINT enrolment_assessed,
    ADD CONSTRAINT enrolment_assessed CHECK (
        state NOT IN ('held', 'passed', 'failed', 'certified') OR num_nonnulls(score, assessor, assessed_on) = 3
    );
DROP INDEX enrolment_one_seat;
CREATE UNIQUE INDEX enrolment_one_seat ON enrolment (placement) WHERE state IN ('enrolled', 'held', 'passed');
CREATE INDEX enrolment_by_day_assessed ON enrolment (assessed_on) WHERE state IN ('passed', 'failed', 'certified');
