-- Rates that are many times off the month before: nothing is converted with one until a second person has approved it.
CREATE TABLE held_rate (
    id uuid PRIMARY KEY,
    currency text NOT NULL CONSTRAINT held_rate_currency CHECK (currency ~ '^[A-Z]{3}$' AND currency <> 'CNY'),
    month date NOT NULL CONSTRAINT held_rate_first_day CHECK (extract(day FROM month) = 1),
    version integer NOT NULL CONSTRAINT held_rate_version CHECK (version >= 1),     -- that it would be
    yuan_per_unit numeric(24, 12) NOT NULL CONSTRAINT held_rate_positive CHECK (yuan_per_unit > 0),
    source text NOT NULL,
    reason text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    compared_month date NOT NULL,
    compared_yuan_per_unit numeric(24, 12) NOT NULL,
    state text NOT NULL DEFAULT 'held' CONSTRAINT held_rate_state CHECK (state IN ('held', 'approved', 'rejected')),
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT held_rate_decided CHECK ((state = 'held') = (decided_by IS NULL) AND (state = 'held') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX held_rate_once ON held_rate (currency, month) WHERE state = 'held';
