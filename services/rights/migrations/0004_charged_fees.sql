-- What the worker was charged, fee by fee: the recruitment cost is all of it.
CREATE TABLE charged_fee (
    fee uuid PRIMARY KEY,           -- the placement's own id: the service fee that its contract names
    placement uuid NOT NULL,
    minor bigint NOT NULL CONSTRAINT charged_fee_is_no_payment CHECK (minor >= 0),
    currency text NOT NULL
);
CREATE INDEX charged_fee_of ON charged_fee (placement);
INSERT INTO charged_fee (fee, placement, minor, currency)
SELECT placement, placement, fee_minor, currency FROM ledger WHERE fee_minor IS NOT NULL;
COMMENT ON COLUMN ledger.fee_minor IS 'all that the worker was charged, in the currency of the wage; null: nothing was declared, or in others too';
