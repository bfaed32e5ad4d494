-- A contract runs longer, or another employer takes the worker over, while the worker is abroad.
CREATE TABLE contract_change (
    id uuid PRIMARY KEY,
    placement uuid NOT NULL REFERENCES placement,
    kind text NOT NULL CONSTRAINT contract_change_kind CHECK (kind IN ('extension', 'transfer')),
    effective date NOT NULL,                -- the extension was signed, the worker began with the other employer
    before jsonb NOT NULL,                  -- the contract before and after
    after jsonb NOT NULL,
    employer_before uuid REFERENCES employer,   -- null: the one of the order
    employer_after uuid REFERENCES employer,
    county text NOT NULL,                   -- with the codes that it is counted by
    designation text NOT NULL,
    designation_version text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    voided text                             -- why
);
CREATE INDEX contract_change_of ON contract_change (placement, id);
ALTER TABLE placement ADD employer_id uuid REFERENCES employer;     -- who has taken the worker over; null: the employer of the order
