-- A wage may be paid in several payments: those of the best source count together. Of one day only where references tell them apart.
DROP INDEX income_one_counts_per_period;
ALTER TABLE income ADD COLUMN reference text;
ALTER TABLE income ADD CONSTRAINT income_reference_is_a_code CHECK (reference ~ '^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$');
ALTER TABLE income DROP CONSTRAINT income_state_known;
ALTER TABLE income ADD CONSTRAINT income_state_known
    CHECK (state IN ('counting', 'superseded', 'outranked', 'replaced', 'voided', 'orphaned'));
CREATE UNIQUE INDEX income_payment_counts_once ON income (placement, period, paid_on, (coalesce(reference, ''))) WHERE state = 'counting';

-- Months with a report that are compared with the contract once their pay day is over: until then more may be paid.
CREATE TABLE wage_check (
    placement uuid NOT NULL REFERENCES ledger,
    period text NOT NULL,
    check_on date NOT NULL,
    PRIMARY KEY (placement, period)
);
CREATE INDEX wage_check_due ON wage_check (check_on);

-- Months whose sources disagree: a case is opened when they begin to.
CREATE TABLE income_conflict (
    placement uuid NOT NULL REFERENCES ledger,
    period text NOT NULL,
    PRIMARY KEY (placement, period)
);

ALTER TABLE finding DROP CONSTRAINT finding_kind_known;
ALTER TABLE finding ADD CONSTRAINT finding_kind_known CHECK (kind IN ('short', 'late', 'missing', 'illegal_deduction'));
ALTER TABLE finding ADD COLUMN made_good boolean NOT NULL DEFAULT false;
ALTER TABLE finding ADD CONSTRAINT finding_made_good_is_cleared CHECK (NOT made_good OR cleared_on IS NOT NULL);
DROP INDEX finding_missing;
CREATE INDEX finding_by_kind ON finding (kind, id) WHERE cleared_on IS NULL;
CREATE INDEX finding_of_month ON finding (placement, period);
