-- A fair that never was is voided: nothing is recorded at it any more.
ALTER TABLE fair ADD COLUMN voided text CONSTRAINT fair_voided CHECK (voided IN ('mistaken', 'duplicate'));
