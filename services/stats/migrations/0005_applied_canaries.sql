-- Of a log that has held nothing but canaries yet, no event is counted.
ALTER TABLE applied DROP CONSTRAINT applied_events, ADD CONSTRAINT applied_events CHECK (events >= 0);
