-- Enterprises that hold a qualification certificate (E1), and their risk reserve (E3).
CREATE TABLE enterprise (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    licence_no text NOT NULL CONSTRAINT enterprise_licence_once UNIQUE
        CONSTRAINT enterprise_licence_form CHECK (licence_no ~ '^LW[0-9]{4}20[0-9]{6}$'),
    seat text,                          -- county of its seat; null: only a national officer acts on it
    scope text[] NOT NULL CONSTRAINT enterprise_scope_named CHECK (cardinality(scope) > 0),
    destinations text[] NOT NULL,       -- empty: every destination
    valid_to date NOT NULL,
    state text NOT NULL DEFAULT 'active' CONSTRAINT enterprise_state CHECK (state IN ('active', 'suspended', 'revoked')),
    reserve_minor bigint NOT NULL DEFAULT 0 CONSTRAINT enterprise_reserve_not_negative CHECK (reserve_minor >= 0),  -- fen
    qualified_on date NOT NULL,
    version integer NOT NULL DEFAULT 1
);

CREATE TABLE reserve_entry (
    id uuid PRIMARY KEY,
    enterprise uuid NOT NULL REFERENCES enterprise,
    amount_minor bigint NOT NULL CONSTRAINT reserve_entry_moves CHECK (amount_minor <> 0),
    balance_minor bigint NOT NULL CONSTRAINT reserve_entry_balance CHECK (balance_minor >= 0),
    effective date NOT NULL
);
CREATE INDEX reserve_entry_of ON reserve_entry (enterprise, id);

-- Positions are counted here and nowhere else; the row is locked by whoever takes or releases one.
CREATE TABLE job_order (
    id uuid PRIMARY KEY,
    enterprise uuid NOT NULL REFERENCES enterprise,
    employer text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    channel text NOT NULL,
    positions integer NOT NULL CONSTRAINT job_order_positions CHECK (positions > 0),
    reserved integer NOT NULL DEFAULT 0 CONSTRAINT job_order_reserved CHECK (reserved >= 0),
    filled integer NOT NULL DEFAULT 0 CONSTRAINT job_order_filled CHECK (filled >= 0),
    wage_minor bigint NOT NULL CONSTRAINT job_order_wage CHECK (wage_minor > 0),
    wage_currency text NOT NULL,
    wage_period text NOT NULL,
    term_months integer NOT NULL CONSTRAINT job_order_term CHECK (term_months > 0),
    fee_cap_minor bigint,
    fee_cap_currency text,
    opened_on date NOT NULL,
    expires date NOT NULL CONSTRAINT job_order_expires CHECK (expires >= opened_on),
    state text NOT NULL CONSTRAINT job_order_state CHECK (state IN ('open', 'closed', 'expired')),
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT job_order_no_position_twice CHECK (reserved + filled <= positions),
    CONSTRAINT job_order_fee_cap_whole CHECK ((fee_cap_minor IS NULL) = (fee_cap_currency IS NULL))
);
CREATE INDEX job_order_of ON job_order (enterprise, id);
CREATE INDEX job_order_open ON job_order (expires) WHERE state = 'open';

-- What registration's events tell about a worker, as far as matching needs it. No name, no number.
CREATE TABLE worker (
    id uuid PRIMARY KEY,
    registered_at timestamptz NOT NULL,
    registered_on date NOT NULL,        -- the day it was effective; the moment above is when it was recorded
    county text NOT NULL,
    poor boolean NOT NULL,              -- the county was ever listed: the quotas' default basis
    sex text NOT NULL,
    birth_year integer NOT NULL,
    household_status text NOT NULL,
    occupations text[] NOT NULL,        -- what the worker can do
    verified boolean NOT NULL,
    willing boolean NOT NULL DEFAULT false,
    destinations text[] NOT NULL DEFAULT '{}',
    wanted text[] NOT NULL DEFAULT '{}',
    floor_minor bigint,                 -- wage floor per month
    floor_currency text,
    available_from date,
    willing_since date,
    willing_until date,
    CONSTRAINT worker_floor_whole CHECK ((floor_minor IS NULL) = (floor_currency IS NULL)),
    CONSTRAINT worker_willing_whole CHECK (NOT willing OR (available_from IS NOT NULL AND willing_since IS NOT NULL AND willing_until IS NOT NULL))
);

-- Willing workers by what they want: candidates of an order are read from the front of an index, whatever the size of the pool.
CREATE TABLE supply (
    worker uuid NOT NULL REFERENCES worker,
    destination text NOT NULL,
    occupation text NOT NULL,
    poor boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    county text NOT NULL,
    PRIMARY KEY (worker, destination, occupation)
);
-- The county is carried along: a county clerk's candidates are found without a look at anybody else's row.
CREATE INDEX supply_waiting ON supply (destination, occupation, poor, registered_at, worker) INCLUDE (county);

-- A proposal reserves nothing.
CREATE TABLE proposal (
    id uuid PRIMARY KEY,
    job_order uuid NOT NULL REFERENCES job_order,
    worker uuid NOT NULL REFERENCES worker,
    score integer NOT NULL CONSTRAINT proposal_score CHECK (score BETWEEN 0 AND 1000),
    reasons text[] NOT NULL,
    quota_effect text,
    policy_version text NOT NULL,
    expires date NOT NULL,
    state text NOT NULL DEFAULT 'proposed' CONSTRAINT proposal_state CHECK (state IN ('proposed', 'accepted', 'expired'))
);
CREATE UNIQUE INDEX proposal_once ON proposal (job_order, worker) WHERE state = 'proposed';
CREATE INDEX proposal_expiring ON proposal (expires) WHERE state = 'proposed';

CREATE TABLE placement (
    id uuid PRIMARY KEY,
    job_order uuid NOT NULL REFERENCES job_order,
    enterprise uuid NOT NULL REFERENCES enterprise,
    worker uuid NOT NULL REFERENCES worker,
    county text NOT NULL,               -- of the worker's household register when matched; scope is checked against it
    destination text NOT NULL,
    occupation text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CONSTRAINT placement_state
        CHECK (state IN ('matched', 'clearance_requested', 'cleared', 'abroad', 'returned', 'cancelled', 'voided')),
    registered_on date,                 -- of the worker; null: taken over abroad
    matched_on date NOT NULL,
    match_due date NOT NULL,            -- the deadline of state matched: also after a refused clearance
    due date,                           -- the position returns after this day
    since date NOT NULL,                -- in this state
    adopted boolean NOT NULL DEFAULT false,
    planned_departure date,
    contract jsonb,
    insurance jsonb,
    certificate text,                   -- serial of the training certificate the clearance stands on
    clearance text,                     -- the signed token
    cleared_on date,
    clearance_valid_to date,
    ended text,                         -- why it was cancelled or voided
    version integer NOT NULL DEFAULT 1,
    -- No step before departure without a timeout, none after it with one.
    CONSTRAINT placement_due CHECK ((state IN ('matched', 'clearance_requested', 'cleared')) = (due IS NOT NULL)),
    CONSTRAINT placement_cleared CHECK (state <> 'cleared' OR (clearance IS NOT NULL AND cleared_on IS NOT NULL AND clearance_valid_to IS NOT NULL)),
    CONSTRAINT placement_ended CHECK ((state IN ('cancelled', 'voided')) = (ended IS NOT NULL))
);
CREATE UNIQUE INDEX placement_one_active ON placement (worker) WHERE state IN ('matched', 'clearance_requested', 'cleared', 'abroad');
CREATE INDEX placement_overdue ON placement (due, id) WHERE state IN ('matched', 'clearance_requested', 'cleared');
CREATE INDEX placement_of_worker ON placement (worker, id);
CREATE INDEX placement_of_order ON placement (job_order, id);
CREATE INDEX placement_of_enterprise ON placement (enterprise, id);

-- One departure per placement, with every code it is counted by. Voided ones stay, and count nowhere.
CREATE TABLE dispatch (
    placement uuid PRIMARY KEY REFERENCES placement,
    worker uuid NOT NULL REFERENCES worker,
    enterprise uuid NOT NULL REFERENCES enterprise,
    departed_on date NOT NULL,
    port text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    channel text NOT NULL,
    county text NOT NULL,
    designation text NOT NULL,
    designation_version text NOT NULL,
    household_status text NOT NULL,
    sex text NOT NULL,
    birth_year integer NOT NULL,
    first_ever boolean NOT NULL,
    first_this_year boolean NOT NULL,
    evidence text NOT NULL,
    registered_on date,                 -- of the worker, and of the match; null: taken over abroad
    matched_on date,
    returned_on date CONSTRAINT dispatch_returned_after CHECK (returned_on >= departed_on),
    return_reason text,
    voided text,                        -- why
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT dispatch_return_whole CHECK ((returned_on IS NULL) = (return_reason IS NULL)),
    CONSTRAINT dispatch_first_ever_is_first CHECK (NOT first_ever OR first_this_year)
);
CREATE INDEX dispatch_of_worker ON dispatch (worker);
-- Persons are additive because of these two: one first departure per worker, and per worker and year. Deferred to the commit,
-- since a correction moves the flag from one departure to another.
ALTER TABLE dispatch ADD CONSTRAINT dispatch_one_first_ever
    EXCLUDE USING btree (worker WITH =) WHERE (first_ever AND voided IS NULL) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE dispatch ADD CONSTRAINT dispatch_one_first_a_year
    EXCLUDE USING btree (worker WITH =, (date_part('year', departed_on::timestamp)) WITH =) WHERE (first_this_year AND voided IS NULL)
    DEFERRABLE INITIALLY DEFERRED;

-- Training certificates, from events.
CREATE TABLE certificate (
    serial text PRIMARY KEY,
    worker uuid NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    issued_on date NOT NULL,
    valid_to date NOT NULL,
    revoked boolean NOT NULL DEFAULT false
);
CREATE INDEX certificate_of ON certificate (worker, destination) WHERE NOT revoked;

-- Open cases that keep an enterprise from clearance, from events.
CREATE TABLE blocking_case (
    id uuid PRIMARY KEY,
    enterprise uuid NOT NULL
);
CREATE INDEX blocking_case_of ON blocking_case (enterprise);

-- Where the quotas stand, from events.
CREATE TABLE quota_status (
    quota text NOT NULL,
    period text NOT NULL,
    status text NOT NULL,
    num bigint NOT NULL,
    den bigint NOT NULL,
    gap_heads bigint,
    PRIMARY KEY (quota, period)
);
