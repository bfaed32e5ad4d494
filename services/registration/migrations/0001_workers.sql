-- Workers by code; what identifies a person is in `personal`, encrypted.

CREATE SEQUENCE worker_number;

CREATE TABLE import_run (
    import_id uuid PRIMARY KEY,
    -- the same file is the same import, whoever sends it and however often
    digest text NOT NULL CONSTRAINT import_run_once UNIQUE CONSTRAINT import_run_digest CHECK (digest ~ '^[0-9a-f]{64}$'),
    state text NOT NULL CONSTRAINT import_run_state CHECK (state IN ('running', 'completed')),
    rows integer NOT NULL,
    done integer NOT NULL DEFAULT 0,
    accepted integer NOT NULL DEFAULT 0,
    rejected integer NOT NULL DEFAULT 0,
    regions text[] NOT NULL,   -- of who started it: who covers them may see it
    started_by text NOT NULL,
    started_on date NOT NULL,  -- what an empty registered_on means, on whichever day the import is resumed
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT import_run_progress CHECK (done BETWEEN 0 AND rows AND accepted >= 0 AND rejected >= 0 AND accepted + rejected = done),
    CONSTRAINT import_run_finished CHECK ((state = 'completed') = (finished_at IS NOT NULL) AND (state = 'running' OR done = rows))
);

-- What was wrong in a row, or only worth a look. Values are masked before they get here.
CREATE TABLE import_finding (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES import_run,
    row integer NOT NULL CONSTRAINT import_finding_row CHECK (row >= 2),
    "column" text NOT NULL,
    code text NOT NULL,
    severity text NOT NULL CONSTRAINT import_finding_severity CHECK (severity IN ('error', 'warning')),
    value text
);
CREATE INDEX import_finding_of ON import_finding (import_id, id);

CREATE TABLE worker (
    worker uuid PRIMARY KEY,
    worker_no text NOT NULL CONSTRAINT worker_no_once UNIQUE CONSTRAINT worker_no_form CHECK (worker_no ~ '^W[0-9]{8,18}-[0-9X]$'),
    version integer NOT NULL DEFAULT 1 CONSTRAINT worker_version_positive CHECK (version >= 1),
    birth_year smallint NOT NULL CONSTRAINT worker_birth_year CHECK (birth_year BETWEEN 1800 AND 2200),
    sex text NOT NULL CONSTRAINT worker_sex CHECK (sex IN ('female', 'male')),
    county text NOT NULL CONSTRAINT worker_county CHECK (county ~ '^[1-9][0-9]{5}$'),
    residence_basis text NOT NULL CONSTRAINT worker_residence_basis CHECK (residence_basis IN ('household_register', 'residence')),
    education smallint NOT NULL CONSTRAINT worker_education CHECK (education BETWEEN 0 AND 8),
    occupations text[] NOT NULL CONSTRAINT worker_occupations CHECK (cardinality(occupations) BETWEEN 1 AND 10),
    household_status text NOT NULL CONSTRAINT worker_household CHECK (household_status IN ('registered_poor', 'not_registered', 'unknown')),
    source text NOT NULL CONSTRAINT worker_source CHECK (source IN ('self', 'assisted', 'import')),
    assurance text NOT NULL CONSTRAINT worker_assurance CHECK (assurance IN ('provisional', 'verified')),
    registered_on date NOT NULL,
    provisional_until date,
    verified_on date CONSTRAINT worker_verified_in_order CHECK (verified_on >= registered_on),
    willingness text NOT NULL DEFAULT 'none' CONSTRAINT worker_willingness CHECK (willingness IN ('none', 'willing', 'withdrawn', 'expired')),
    willingness_since date CONSTRAINT worker_willingness_in_order CHECK (willingness_since >= registered_on),
    destinations text[],
    offered_occupations text[],
    wage_floor_minor bigint CONSTRAINT worker_wage_floor CHECK (wage_floor_minor > 0),
    wage_floor_currency text,
    available_from date,
    expires_on date,
    family_consent boolean,
    import_id uuid REFERENCES import_run,
    import_row integer,
    CONSTRAINT worker_verified_or_provisional CHECK (
        (assurance = 'verified') = (verified_on IS NOT NULL) AND (assurance = 'provisional') = (provisional_until IS NOT NULL)
    ),
    CONSTRAINT worker_offer_whole CHECK (
        CASE WHEN willingness = 'none'
        THEN num_nonnulls(willingness_since, destinations, offered_occupations, available_from, expires_on, family_consent) = 0
        ELSE num_nulls(willingness_since, destinations, offered_occupations, available_from, expires_on, family_consent) = 0
             AND cardinality(destinations) >= 1 AND cardinality(offered_occupations) >= 1 END
    ),
    CONSTRAINT worker_wage_floor_whole CHECK ((wage_floor_minor IS NULL) = (wage_floor_currency IS NULL)),
    CONSTRAINT worker_imported CHECK ((source = 'import') = (import_id IS NOT NULL) AND (import_id IS NULL) = (import_row IS NULL)),
    CONSTRAINT worker_import_row_once UNIQUE (import_id, import_row)
);
CREATE INDEX worker_by_county ON worker (county text_pattern_ops, worker);
CREATE INDEX worker_willing_until ON worker (expires_on) WHERE willingness = 'willing';

-- Deleting a row here forgets the person and keeps the worker.
CREATE TABLE personal (
    worker uuid PRIMARY KEY REFERENCES worker,
    ciphertext bytea NOT NULL,
    wrapped_key bytea NOT NULL,
    id_hash bytea,
    blocking_hash bytea NOT NULL
);
CREATE INDEX personal_by_id ON personal (id_hash) WHERE id_hash IS NOT NULL;
CREATE INDEX personal_by_blocking ON personal (blocking_hash);
