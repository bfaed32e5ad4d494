-- Rows of a file whose reports were entered: never entered again, whoever sends the file and whatever became of the report since. Of the
-- same sender, the rows refused before are tried again (F8). `already`: rows that another sender's payroll entered.
CREATE TABLE payroll_row (
    digest text NOT NULL,
    source text NOT NULL,
    row int NOT NULL,
    payroll uuid NOT NULL REFERENCES payroll,
    PRIMARY KEY (digest, source, row)
);
ALTER TABLE payroll
    DROP CONSTRAINT payroll_adds_up,
    ADD COLUMN already int NOT NULL DEFAULT 0,
    ADD CONSTRAINT payroll_adds_up CHECK (accepted >= 0 AND rejected >= 0 AND already >= 0 AND accepted + rejected + already = done AND done <= rows);
ALTER TABLE payroll_finding
    ADD COLUMN severity text NOT NULL DEFAULT 'error' CONSTRAINT payroll_finding_severity CHECK (severity IN ('error', 'warning')),
    ADD COLUMN hints text[] NOT NULL DEFAULT '{}';
