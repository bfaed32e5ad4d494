-- Registrations that were merged into another: the ledgers of the absorbed worker are the survivor's. One step leads to the end of a chain.
CREATE TABLE merged (
    absorbed uuid PRIMARY KEY,
    survivor uuid NOT NULL,
    CONSTRAINT merged_not_into_itself CHECK (absorbed <> survivor)
);
CREATE INDEX merged_into ON merged (survivor);
CREATE INDEX ledger_of_worker ON ledger (worker);
