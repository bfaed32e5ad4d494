-- The list of enrolments sorted by day begins anywhere without reading what comes before.
CREATE INDEX enrolment_by_day ON enrolment (enrolled_on, enrolment);
