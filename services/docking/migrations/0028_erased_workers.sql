-- Whose personal data were erased: no number of an earlier system leads to them again.
ALTER TABLE worker ADD COLUMN erased boolean NOT NULL DEFAULT false;
