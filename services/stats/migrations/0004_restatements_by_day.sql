-- The latest to become known first: days as ISO 8601 writes them are in their order as texts, too.
CREATE INDEX restatement_effective ON restatement ((event ->> 'effective'), id);
