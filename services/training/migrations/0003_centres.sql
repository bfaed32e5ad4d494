-- Licensed training centres. One row per centre that may hold sessions; `centre` is the account that acts for it.
CREATE TABLE centre (
    id uuid PRIMARY KEY,
    centre text NOT NULL CONSTRAINT centre_once UNIQUE CONSTRAINT centre_name CHECK (char_length(centre) BETWEEN 1 AND 200),
    -- five digits, the first two of which are the region's; unknown of centres that were at work before licences were kept here
    licence_no text CONSTRAINT centre_licence_once UNIQUE CONSTRAINT centre_licence CHECK (licence_no ~ '^[0-9]{5}$'),
    region text CONSTRAINT centre_region CHECK (region ~ '^[0-9]{2}0000$'),
    valid_from date NOT NULL,
    valid_to date NOT NULL CONSTRAINT centre_valid CHECK (valid_to >= valid_from),
    -- trainees at a time
    capacity integer NOT NULL CONSTRAINT centre_capacity CHECK (capacity BETWEEN 1 AND 100000),
    -- accounts
    trainers text[] NOT NULL CONSTRAINT centre_trainers CHECK (cardinality(trainers) <= 500),
    assessors text[] NOT NULL CONSTRAINT centre_assessors CHECK (cardinality(assessors) <= 500),
    state text NOT NULL CONSTRAINT centre_state CHECK (state IN ('active', 'suspended', 'revoked')),
    revoked_on date,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT centre_licence_region CHECK (num_nonnulls(licence_no, region) <> 1 AND left(licence_no, 2) = left(region, 2)),
    CONSTRAINT centre_revoked CHECK ((state = 'revoked') = (revoked_on IS NOT NULL))
);
CREATE INDEX centre_closed ON centre (centre) WHERE state <> 'active';

CREATE TABLE centre_suspension (
    centre uuid NOT NULL REFERENCES centre,
    since date NOT NULL,
    until date CONSTRAINT centre_suspension_ends CHECK (until >= since), -- the day of the reinstatement
    reason text NOT NULL CONSTRAINT centre_suspension_reason CHECK (reason IN ('breach', 'investigation', 'premises', 'false_records'))
);
CREATE UNIQUE INDEX centre_suspension_one ON centre_suspension (centre) WHERE until IS NULL;
CREATE INDEX centre_suspension_of ON centre_suspension (centre, since);

-- Who has courses is adopted with the trainers and assessors seen so far, and has a year to show its licence.
INSERT INTO centre (id, centre, valid_from, valid_to, capacity, trainers, assessors, state)
SELECT
    gen_random_uuid(), course.centre, min(least(published_on, starts_on)), greatest(current_date + 365, max(ends_on)), 100000,
    coalesce((array_agg(DISTINCT trainer) FILTER (WHERE trainer IS NOT NULL))[1:500], '{}'),
    coalesce((array_agg(DISTINCT assessor) FILTER (WHERE assessor IS NOT NULL))[1:500], '{}'),
    'active'
FROM course
LEFT JOIN session ON session.course = course.course
LEFT JOIN (SELECT DISTINCT session, assessor FROM enrolment) AS examined ON examined.session = session.session
GROUP BY course.centre;

-- Who wrote it down: whoever keeps the attendance of a session does not assess it. Unknown of older days.
ALTER TABLE attendance ADD COLUMN recorded_by text;
