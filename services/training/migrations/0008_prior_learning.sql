-- What was learned before: hours credited towards a course, or a certificate from elsewhere that stands for it.
CREATE TABLE recognition (
    recognition uuid PRIMARY KEY,
    placement uuid NOT NULL REFERENCES need (placement),
    worker uuid NOT NULL,
    course uuid NOT NULL REFERENCES course,
    kind text NOT NULL CONSTRAINT recognition_kind CHECK (kind IN ('certificate', 'course', 'work')),
    evidence text NOT NULL CONSTRAINT recognition_evidence CHECK (char_length(evidence) BETWEEN 1 AND 200), -- may name somebody: stays here
    completed_on date NOT NULL,
    minutes integer NOT NULL CONSTRAINT recognition_minutes CHECK (minutes BETWEEN 1 AND 1000000),
    valid_to date NOT NULL CONSTRAINT recognition_valid_to CHECK (valid_to >= completed_on),
    state text NOT NULL DEFAULT 'pending' CONSTRAINT recognition_state CHECK (state IN ('pending', 'recognised', 'refused')),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT recognition_decided CHECK ((state = 'pending') = (num_nonnulls(decided_by, decided_at) = 0)),
    CONSTRAINT recognition_second_person CHECK (decided_by <> requested_by)
);
CREATE UNIQUE INDEX recognition_one_pending ON recognition (placement, course) WHERE state = 'pending';
CREATE INDEX recognition_credits ON recognition (worker, course) WHERE state = 'recognised';
CREATE INDEX recognition_pending ON recognition (recognition) WHERE state = 'pending';

-- Minutes credited when the examination was taken; what they came to is not counted anew later.
ALTER TABLE enrolment ADD COLUMN credited integer NOT NULL DEFAULT 0 CONSTRAINT enrolment_credited CHECK (credited >= 0);
-- A certificate rests on an enrolment or on a recognition.
ALTER TABLE certificate
    ALTER COLUMN enrolment DROP NOT NULL,
    ADD COLUMN recognition uuid CONSTRAINT certificate_recognition_once UNIQUE REFERENCES recognition,
    ADD COLUMN credited integer NOT NULL DEFAULT 0 CONSTRAINT certificate_credited CHECK (credited >= 0),
    ADD CONSTRAINT certificate_basis CHECK (num_nonnulls(enrolment, recognition) = 1);
