-- Registrations that were merged into another: what is said of the absorbed worker is the survivor's. One step leads to the end of a chain.
CREATE TABLE merged (
    absorbed uuid PRIMARY KEY,
    survivor uuid NOT NULL,
    CONSTRAINT merged_not_into_itself CHECK (absorbed <> survivor)
);
CREATE INDEX merged_into ON merged (survivor);
CREATE INDEX need_of_worker ON need (worker);
CREATE INDEX enrolment_of_worker ON enrolment (worker);
CREATE INDEX certificate_of_worker ON certificate (worker);
