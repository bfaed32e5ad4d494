-- A mailbox is confirmed once, by the code of a letter; without that it never hears anything, whoever enables it.
ALTER TABLE endpoint ADD COLUMN confirmed_at timestamptz;
UPDATE endpoint SET confirmed_at = created_at WHERE state = 'enabled';
ALTER TABLE endpoint ADD CONSTRAINT endpoint_confirmed CHECK (state <> 'enabled' OR confirmed_at IS NOT NULL);
ALTER TABLE endpoint DROP COLUMN attempts_left;

-- A delivery that is sent again by hand begins anew: what it is given up by is when it was queued last.
ALTER TABLE delivery RENAME COLUMN created_at TO queued_at;
