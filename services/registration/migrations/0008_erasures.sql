-- Placements from the match until they are cancelled or the worker is back: for as long nobody is erased.
CREATE TABLE open_placement (
    placement uuid PRIMARY KEY,
    worker uuid NOT NULL REFERENCES worker,
    contract_end date
);
CREATE INDEX open_placement_of ON open_placement (worker);

-- Erased: the personal data are gone, the codes stay for the figures. Nothing leads back.
ALTER TABLE worker DROP CONSTRAINT worker_validity;
ALTER TABLE worker ADD CONSTRAINT worker_validity CHECK (validity IN ('active', 'suspended', 'lapsed', 'erased'));
