-- What was recorded wrong: put right at once, or, where a pass hangs on it, once a second person agrees.
CREATE TABLE correction (
    correction uuid PRIMARY KEY,
    enrolment uuid NOT NULL REFERENCES enrolment,
    kind text NOT NULL CONSTRAINT correction_kind CHECK (kind IN ('attendance', 'assessment', 'certificate')),
    day date,         -- attendance: whose minutes
    minutes integer CONSTRAINT correction_minutes CHECK (minutes BETWEEN 0 AND 720),
    score smallint CONSTRAINT correction_score CHECK (score BETWEEN 0 AND 100),
    assessed_on date,
    issued_on date,
    state text NOT NULL CONSTRAINT correction_state CHECK (state IN ('pending', 'approved', 'rejected', 'applied')),
    reason text NOT NULL CONSTRAINT correction_reason CHECK (reason IN ('mistyped', 'misread', 'appeal', 'finding')),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT correction_of_kind CHECK (
        CASE kind
            WHEN 'attendance' THEN num_nonnulls(day, minutes) = 2 AND num_nonnulls(score, assessed_on, issued_on) = 0
            WHEN 'assessment' THEN num_nonnulls(score, assessed_on) = 2 AND num_nonnulls(day, minutes, issued_on) = 0
            ELSE num_nonnulls(issued_on) = 1 AND num_nonnulls(day, minutes, score, assessed_on) = 0
        END
    ),
    CONSTRAINT correction_decided CHECK ((state IN ('approved', 'rejected')) = (num_nonnulls(decided_by, decided_at) = 2)),
    CONSTRAINT correction_second_person CHECK (decided_by <> requested_by)
);
CREATE UNIQUE INDEX correction_one_pending ON correction (enrolment) WHERE state = 'pending';
CREATE INDEX correction_of ON correction (enrolment, correction);
CREATE INDEX correction_pending ON correction (correction) WHERE state = 'pending';
