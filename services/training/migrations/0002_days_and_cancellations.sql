-- The days of an enrolment and of its examination, until when a placement needs its seat, and sessions that do not take place.
ALTER TABLE enrolment ADD COLUMN enrolled_on date, ADD COLUMN assessed_on date;
UPDATE enrolment SET
    enrolled_on = coalesce(
        (SELECT min(effective) FROM history WHERE subject = enrolment.enrolment::text AND type = 'WorkerEnrolled'),
        (SELECT starts_on FROM session WHERE session.session = enrolment.session)
    ),
    assessed_on = CASE WHEN score IS NOT NULL THEN coalesce(
        (SELECT max(effective) FROM history WHERE subject = enrolment.enrolment::text AND type = 'AssessmentRecorded'),
        (SELECT ends_on FROM session WHERE session.session = enrolment.session)
    ) END;
ALTER TABLE enrolment
    ALTER COLUMN enrolled_on SET NOT NULL,
    DROP CONSTRAINT enrolment_assessed,
    ADD CONSTRAINT enrolment_assessed CHECK (
        state NOT IN ('passed', 'failed', 'certified') OR num_nonnulls(score, assessor, assessed_on) = 3
    );

ALTER TABLE need ADD COLUMN due date; -- the match's; unknown of older ones

ALTER TABLE session
    ADD COLUMN state text NOT NULL DEFAULT 'scheduled' CONSTRAINT session_state CHECK (state IN ('scheduled', 'cancelled')),
    ADD COLUMN cancelled_on date,
    ADD COLUMN cancelled_why text CONSTRAINT session_cancelled_why CHECK (
        cancelled_why IN ('too_few', 'trainer_unavailable', 'premises_unavailable', 'emergency', 'centre_closed')
    ),
    ADD CONSTRAINT session_cancelled CHECK ((state = 'cancelled') = (num_nonnulls(cancelled_on, cancelled_why) = 2)),
    -- a session that does not take place has nobody in it
    ADD CONSTRAINT session_cancelled_empty CHECK (state = 'scheduled' OR taken = 0);
DROP INDEX session_with_seats;
CREATE INDEX session_with_seats ON session (destination, starts_on, session) WHERE taken < seats AND state = 'scheduled';
