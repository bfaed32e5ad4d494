-- Docking cannot carry a merge out: by the stays that it knows, the two were abroad at the same time.
ALTER TABLE duplicate ADD held_for text CONSTRAINT duplicate_held_for CHECK (held_for IN ('both_abroad', 'stays_overlap'));
ALTER TABLE duplicate ADD CONSTRAINT duplicate_held CHECK (held_for IS NULL OR state = 'merged');
DROP INDEX duplicate_open;
CREATE INDEX duplicate_open ON duplicate (duplicate) WHERE state IN ('suspected', 'linked') OR held_for IS NOT NULL;
