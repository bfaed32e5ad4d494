-- One document verifies one registration: a second one waits until somebody has decided which stays. Goes with the personal data.
CREATE TABLE verified_document (
    id_hash bytea PRIMARY KEY,
    worker uuid NOT NULL REFERENCES personal ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX verified_document_of ON verified_document (worker);

-- Of those verified twice already the earlier one holds it.
INSERT INTO verified_document (id_hash, worker)
SELECT DISTINCT ON (id_hash) id_hash, worker FROM personal JOIN worker USING (worker)
WHERE assurance = 'verified' AND id_hash IS NOT NULL ORDER BY id_hash, verified_on, worker;
