-- The same file of another sender is another import, in which rows that are registered already are not registered again (F8); of the same
-- sender, the rows refused before are tried again. `already`: rows that another sender's import registered. `accepted_before`: when the
-- file was last decided whole.
ALTER TABLE import_run
    DROP CONSTRAINT import_run_once,
    DROP CONSTRAINT import_run_progress,
    ADD COLUMN already integer NOT NULL DEFAULT 0,
    ADD COLUMN accepted_before integer,
    ADD CONSTRAINT import_run_once UNIQUE (digest, started_by),
    ADD CONSTRAINT import_run_progress CHECK (
        done BETWEEN 0 AND rows AND accepted >= 0 AND rejected >= 0 AND already >= 0 AND accepted + rejected + already = done
    );
UPDATE import_run SET accepted_before = accepted WHERE state = 'completed';
CREATE INDEX import_run_of ON import_run (started_by, import_id);
