-- One ledger per placement: what the contract promises, and between which days it was lived.
CREATE TABLE ledger (
    placement uuid PRIMARY KEY,
    worker uuid NOT NULL,
    enterprise uuid NOT NULL,
    county text NOT NULL,
    designation text NOT NULL,
    designation_version text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    channel text NOT NULL,
    wage_minor bigint NOT NULL,
    currency text NOT NULL,
    wage_period text NOT NULL,
    days_per_month int NOT NULL,
    pay_day int NOT NULL,
    deductions_max_minor bigint NOT NULL,
    fee_minor bigint,  -- what the worker was charged for the recruitment, in the wage's currency; null: nothing was declared
    departed_on date,
    returned_on date,
    voided boolean NOT NULL DEFAULT false,
    -- The wage period whose absence is looked for next, and the day from which it is missing; null: nothing is due.
    due_period text,
    due_on date,
    -- The first income that the fee was last measured against, and in months of it; null: none is known.
    cost_period text,
    cost_income_minor bigint,
    CONSTRAINT ledger_fee_is_no_payment CHECK (fee_minor >= 0),
    CONSTRAINT ledger_cost_is_whole CHECK ((cost_period IS NULL) = (cost_income_minor IS NULL)),
    CONSTRAINT ledger_wage_is_positive CHECK (wage_minor > 0),
    CONSTRAINT ledger_wage_period_known CHECK (wage_period IN ('month', 'day')),
    CONSTRAINT ledger_return_follows_departure CHECK (returned_on IS NULL OR (departed_on IS NOT NULL AND returned_on >= departed_on)),
    CONSTRAINT ledger_due_is_whole CHECK ((due_period IS NULL) = (due_on IS NULL))
);
CREATE INDEX ledger_due ON ledger (due_on) WHERE due_on IS NOT NULL;

-- Reports are never overwritten: of the reports of one period at most one counts.
CREATE TABLE income (
    report uuid PRIMARY KEY,
    placement uuid NOT NULL REFERENCES ledger,
    period text NOT NULL,
    gross_minor bigint NOT NULL,
    deductions_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    remitted_minor bigint,
    currency text NOT NULL,
    paid_on date NOT NULL,
    source text NOT NULL,
    state text NOT NULL,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT income_state_known CHECK (state IN ('counting', 'superseded', 'outranked', 'voided', 'orphaned')),
    CONSTRAINT income_source_known CHECK (source IN ('worker', 'employer', 'bank')),
    CONSTRAINT income_adds_up CHECK (gross_minor >= 0 AND deductions_minor >= 0 AND net_minor = gross_minor - deductions_minor)
);
CREATE UNIQUE INDEX income_one_counts_per_period ON income (placement, period) WHERE state = 'counting';
CREATE INDEX income_by_placement ON income (placement, period);
CREATE INDEX income_orphaned ON income (report) WHERE state = 'orphaned';

CREATE TABLE finding (
    id bigint GENERATED ALWAYS AS IDENTITY,
    placement uuid NOT NULL REFERENCES ledger,
    period text NOT NULL,
    kind text NOT NULL,
    enterprise uuid NOT NULL,
    expected_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    currency text NOT NULL,
    found_on date NOT NULL,
    cleared_on date,
    PRIMARY KEY (id),
    CONSTRAINT finding_kind_known CHECK (kind IN ('short', 'missing'))
);
CREATE UNIQUE INDEX finding_open_once ON finding (placement, period, kind) WHERE cleared_on IS NULL;
CREATE INDEX finding_missing ON finding (id) WHERE cleared_on IS NULL AND kind = 'missing';
CREATE INDEX finding_open_by_enterprise ON finding (enterprise, period) WHERE cleared_on IS NULL;

CREATE TABLE payroll (
    payroll uuid PRIMARY KEY,
    digest text NOT NULL,
    party text NOT NULL,  -- whose file it is: the same bytes of another party are another payroll
    rows int NOT NULL,
    done int NOT NULL DEFAULT 0,
    accepted int NOT NULL DEFAULT 0,
    rejected int NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT payroll_same_file_once UNIQUE (digest, party),
    CONSTRAINT payroll_adds_up CHECK (accepted + rejected = done AND done <= rows)
);
CREATE TABLE payroll_finding (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payroll uuid NOT NULL REFERENCES payroll,
    row int NOT NULL,
    "column" text NOT NULL,
    code text NOT NULL,
    value text
);
CREATE INDEX payroll_finding_by_payroll ON payroll_finding (payroll, id);

CREATE TABLE rights_case (
    "case" uuid PRIMARY KEY,
    category text NOT NULL,
    severity text NOT NULL,
    via text NOT NULL,
    enterprise uuid NOT NULL,
    placement uuid REFERENCES ledger,
    period text,  -- of a collective case
    text text NOT NULL,
    hidden boolean NOT NULL,
    blocking boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    answer text,
    answered_at timestamptz,
    missed boolean NOT NULL DEFAULT false,  -- it was told that the first answer did not come in time
    state text NOT NULL,
    outcome text,
    closed_at timestamptz,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT rights_case_state_known CHECK (state IN ('open', 'closed')),
    CONSTRAINT rights_case_answered_whole CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CONSTRAINT rights_case_closed_whole CHECK ((state = 'closed') = (outcome IS NOT NULL AND closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX rights_case_one_collective ON rights_case (enterprise, period) WHERE period IS NOT NULL AND state = 'open';
CREATE INDEX rights_case_unanswered ON rights_case (due_at) WHERE state = 'open' AND answered_at IS NULL AND NOT missed;
