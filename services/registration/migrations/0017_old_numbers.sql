-- The numbers that workers had in the systems before this one: one number of one system is one person's. They go with the personal data.
CREATE TABLE old_number (
    system text NOT NULL CONSTRAINT old_number_system CHECK (system ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    number text NOT NULL CONSTRAINT old_number_length CHECK (length(number) BETWEEN 1 AND 40),
    worker uuid NOT NULL REFERENCES personal ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (system, number)
);
CREATE INDEX old_number_of ON old_number (worker);
CREATE INDEX old_number_anywhere ON old_number (number);
