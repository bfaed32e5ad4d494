-- Courses, sessions with seats, needs of placements, enrolments, attendance, certificates.

CREATE TABLE course (
    course uuid PRIMARY KEY,
    centre text NOT NULL CONSTRAINT course_centre CHECK (char_length(centre) BETWEEN 1 AND 200),
    destination text NOT NULL CONSTRAINT course_destination CHECK (destination ~ '^[A-Z]{3}$'),
    -- covers every occupation whose code starts with it
    occupation text NOT NULL CONSTRAINT course_occupation CHECK (occupation ~ '^[0-9]{1,4}$'),
    minimum_minutes integer NOT NULL CONSTRAINT course_minutes CHECK (minimum_minutes BETWEEN 1 AND 1000000),
    validity_days integer NOT NULL CONSTRAINT course_validity CHECK (validity_days BETWEEN 1 AND 36500),
    published_on date NOT NULL
);

CREATE TABLE session (
    session uuid PRIMARY KEY,
    course uuid NOT NULL REFERENCES course,
    -- the course's, repeated so that a need finds its session in one index
    destination text NOT NULL,
    occupation text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    seats integer NOT NULL CONSTRAINT session_seats CHECK (seats BETWEEN 1 AND 1000),
    taken integer NOT NULL DEFAULT 0,
    trainer text NOT NULL,
    CONSTRAINT session_days CHECK (ends_on BETWEEN starts_on AND starts_on + 366),
    -- no seat is given away twice, whatever the code believes
    CONSTRAINT session_taken CHECK (taken BETWEEN 0 AND seats)
);
CREATE INDEX session_with_seats ON session (destination, starts_on, session) WHERE taken < seats;
CREATE INDEX session_of_course ON session (course);

CREATE TABLE need (
    need uuid PRIMARY KEY,
    placement uuid NOT NULL CONSTRAINT need_once UNIQUE,
    worker uuid NOT NULL,
    county text NOT NULL,
    designation text NOT NULL,
    designation_version text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    state text NOT NULL CONSTRAINT need_state CHECK (state IN ('open', 'seated', 'met', 'closed')),
    since timestamptz NOT NULL,
    certificate text,
    CONSTRAINT need_met CHECK (state <> 'met' OR certificate IS NOT NULL)
);
CREATE INDEX need_backlog ON need (destination, since, need) WHERE state = 'open';
CREATE INDEX need_met_by ON need (certificate) WHERE state = 'met';

CREATE TABLE enrolment (
    enrolment uuid PRIMARY KEY,
    session uuid NOT NULL REFERENCES session,
    placement uuid NOT NULL REFERENCES need (placement),
    worker uuid NOT NULL,
    county text NOT NULL,
    designation text NOT NULL,
    designation_version text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    state text NOT NULL DEFAULT 'enrolled'
        CONSTRAINT enrolment_state CHECK (state IN ('enrolled', 'passed', 'failed', 'certified', 'cancelled')),
    minutes_total integer NOT NULL DEFAULT 0 CONSTRAINT enrolment_minutes CHECK (minutes_total >= 0),
    days_attended integer NOT NULL DEFAULT 0 CONSTRAINT enrolment_days CHECK (days_attended >= 0),
    score smallint CONSTRAINT enrolment_score CHECK (score BETWEEN 0 AND 100),
    assessor text,
    CONSTRAINT enrolment_assessed CHECK (state NOT IN ('passed', 'failed', 'certified') OR (score IS NOT NULL AND assessor IS NOT NULL))
);
-- a placement sits in one session at a time
CREATE UNIQUE INDEX enrolment_one_seat ON enrolment (placement) WHERE state IN ('enrolled', 'passed');
CREATE INDEX enrolment_of_session ON enrolment (session, enrolment);
CREATE INDEX enrolment_of_placement ON enrolment (placement, enrolment);
CREATE INDEX enrolment_unassessed ON enrolment (session) WHERE state = 'enrolled';

CREATE SEQUENCE certificate_number;

CREATE TABLE certificate (
    serial text PRIMARY KEY,
    enrolment uuid NOT NULL CONSTRAINT certificate_once UNIQUE REFERENCES enrolment,
    course uuid NOT NULL REFERENCES course,
    worker uuid NOT NULL,
    placement uuid NOT NULL,
    county text NOT NULL,
    designation text NOT NULL,
    designation_version text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    minutes integer NOT NULL,
    issued_on date NOT NULL,
    valid_to date NOT NULL CONSTRAINT certificate_valid_to CHECK (valid_to >= issued_on),
    revoked_on date,
    revoked_why text CONSTRAINT certificate_revoked_why CHECK (
        revoked_why IN ('issued_in_error', 'assessment_flawed', 'fraud', 'course_withdrawn')
    ),
    revoked_explanation text, -- may name somebody: never told, never shown
    CONSTRAINT certificate_revoked CHECK ((revoked_on IS NULL) = (revoked_why IS NULL))
);
CREATE INDEX certificate_held ON certificate (worker, destination, occupation) WHERE revoked_on IS NULL;
ALTER TABLE need ADD CONSTRAINT need_certificate FOREIGN KEY (certificate) REFERENCES certificate;

CREATE TABLE attendance (
    enrolment uuid NOT NULL REFERENCES enrolment,
    day date NOT NULL,
    session uuid NOT NULL,
    worker uuid NOT NULL,
    centre text NOT NULL,
    minutes integer NOT NULL CONSTRAINT attendance_minutes CHECK (minutes BETWEEN 0 AND 720),
    PRIMARY KEY (enrolment, day)
);
CREATE INDEX attendance_of_worker ON attendance (worker, day);
CREATE INDEX attendance_of_session ON attendance (session, day);

-- One worker, one day, two centres: somebody was not there.
CREATE TABLE overlap (
    worker uuid NOT NULL,
    day date NOT NULL,
    enrolment uuid NOT NULL,
    other uuid NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (day, enrolment, other),
    CONSTRAINT overlap_two CHECK (enrolment < other)
);

CREATE TABLE centre_day (
    centre text NOT NULL,
    day date NOT NULL,
    passes integer NOT NULL CONSTRAINT centre_day_passes CHECK (passes >= 0),
    PRIMARY KEY (centre, day)
);
