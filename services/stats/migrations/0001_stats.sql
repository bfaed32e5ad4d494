-- Cells and what is judged by them. Cells are additive: a figure is a sum of rows, so rows are only ever added, and the same
-- cell may stand in several rows. `day` is when it happened, `recorded_on` when its source recorded it (programme's zone).

-- A rebuild fills a generation beside the live one; swapping is one update.
CREATE TABLE generation (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL CONSTRAINT generation_state CHECK (state IN ('building', 'live', 'retired')),
    rules text NOT NULL DEFAULT '',    -- digest of the rules a rebuild counts by: another build's beginning is not gone on with
    started_at timestamptz NOT NULL DEFAULT now(),
    live_at timestamptz
);
CREATE UNIQUE INDEX generation_one_live ON generation ((true)) WHERE state = 'live';
INSERT INTO generation (state, live_at) VALUES ('live', now());

-- How far a rebuild has read each log, stored with the cells it has counted.
CREATE TABLE rebuilt (
    generation smallint NOT NULL REFERENCES generation (id),
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    epoch integer NOT NULL,
    next_number bigint NOT NULL,
    PRIMARY KEY (generation, topic, partition)
);

-- The codes that cells are keyed by (counties, destinations, enterprises ...), each once.
CREATE TABLE word (
    code integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    word text COLLATE "C" NOT NULL UNIQUE
);

-- Cells of one cut, measure, month and currency that were counted together, in columns: 22 bytes a cell instead of 70 as a row
-- of its own. The n-th elements are one cell: `days` of the month, `recorded` days after its first, keys, value.
CREATE TABLE block (
    generation smallint NOT NULL REFERENCES generation (id),
    cut smallint NOT NULL,
    measure smallint NOT NULL,
    month date NOT NULL CONSTRAINT block_month CHECK (extract(day FROM month) = 1),
    currency text COLLATE "C" NOT NULL CONSTRAINT block_currency CHECK (currency ~ '^([A-Z]{3})?$'),
    settled boolean NOT NULL,    -- its sums are in year_cell, or its cut keeps none
    cells integer NOT NULL CONSTRAINT block_cells CHECK (cells > 0),
    days smallint[] NOT NULL,
    recorded integer[] NOT NULL,
    k1 integer[] NOT NULL,
    k2 integer[] NOT NULL,
    value bigint[] NOT NULL,
    CONSTRAINT block_columns CHECK (
        cells = cardinality(days) AND cells = cardinality(recorded) AND cells = cardinality(k1) AND cells = cardinality(k2)
        AND cells = cardinality(value)
    )
);
CREATE INDEX block_by_month ON block (generation, cut, measure, month);
CREATE INDEX block_unsettled ON block (generation, cut, measure, month) INCLUDE (cells) WHERE NOT settled;
-- Small integers compress badly and slowly; as they are, a part of a block can be read alone. What is in them is no help in
-- planning, and finding it out takes longer than counting.
ALTER TABLE block
    ALTER days SET STORAGE EXTERNAL, ALTER recorded SET STORAGE EXTERNAL, ALTER k1 SET STORAGE EXTERNAL, ALTER k2 SET STORAGE EXTERNAL,
    ALTER value SET STORAGE EXTERNAL,
    ALTER days SET STATISTICS 0, ALTER recorded SET STATISTICS 0, ALTER k1 SET STATISTICS 0, ALTER k2 SET STATISTICS 0,
    ALTER value SET STATISTICS 0;

CREATE VIEW cell AS
SELECT generation, cut, measure, month, month + one.day - 1 AS day, month + one.recorded AS recorded_on, first.word AS k1,
    second.word AS k2, currency, one.value, settled
FROM block
    CROSS JOIN LATERAL unnest(days, recorded, block.k1, block.k2, block.value) AS one (day, recorded, k1, k2, value)
    JOIN word AS first ON first.code = one.k1
    JOIN word AS second ON second.code = one.k2;

-- Sums by year and month whatever the day of recording, for the cuts the boards read: what is known now, in few rows. What the
-- newest blocks hold is added when it has become much (`settled`).
CREATE TABLE year_cell (
    generation smallint NOT NULL REFERENCES generation (id),
    cut smallint NOT NULL,
    measure smallint NOT NULL,
    k1 integer NOT NULL,
    k2 integer NOT NULL,
    currency text COLLATE "C" NOT NULL,
    year smallint NOT NULL,
    province text COLLATE "C" NOT NULL,    -- of k1
    -- null: nothing was ever counted there; 0: it has come to nothing, and is told so
    m01 bigint, m02 bigint, m03 bigint, m04 bigint, m05 bigint, m06 bigint,
    m07 bigint, m08 bigint, m09 bigint, m10 bigint, m11 bigint, m12 bigint,
    PRIMARY KEY (generation, cut, measure, k1, k2, currency, year)
);

-- Another version whenever year_cell of a generation changes: what was read of it under the same version is still so.
CREATE TABLE settled (
    generation smallint PRIMARY KEY REFERENCES generation (id),
    version uuid NOT NULL DEFAULT gen_random_uuid()
);

-- How much of each log is in the cells, and the newest time its source recorded: what freshness is judged by.
CREATE TABLE applied (
    generation smallint NOT NULL REFERENCES generation (id),
    topic text NOT NULL,
    events bigint NOT NULL CONSTRAINT applied_events CHECK (events > 0),
    newest timestamptz NOT NULL,
    PRIMARY KEY (generation, topic)
);

-- Targets and quotas as versioned data; the newest version of a code is in force.
CREATE TABLE programme (
    code text NOT NULL,
    version integer NOT NULL CONSTRAINT programme_version CHECK (version >= 1),
    document jsonb NOT NULL,
    reason text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (code, version)
);

-- Monthly rates, versioned: the newest version entered by a day is what a figure known at that day is converted with.
CREATE TABLE fx_rate (
    currency text NOT NULL CONSTRAINT fx_rate_currency CHECK (currency ~ '^[A-Z]{3}$' AND currency <> 'CNY'),
    month date NOT NULL CONSTRAINT fx_rate_first_day CHECK (extract(day FROM month) = 1),
    version integer NOT NULL CONSTRAINT fx_rate_version CHECK (version >= 1),
    yuan_per_unit numeric(24, 12) NOT NULL CONSTRAINT fx_rate_positive CHECK (yuan_per_unit > 0),
    source text NOT NULL,
    reason text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    entered_on date NOT NULL,    -- the day of entered_at in the programme's zone
    PRIMARY KEY (currency, month, version)
);

-- Designation lists and divisions, versioned and each version whole; version 0 is shipped with the product and not stored.
CREATE TABLE list_version (
    kind text NOT NULL CONSTRAINT list_version_kind CHECK (kind IN ('designations', 'divisions')),
    version integer NOT NULL CONSTRAINT list_version_number CHECK (version >= 1),
    digest text NOT NULL,        -- sha-256 of the rows, hex
    rows jsonb NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    entered_on date NOT NULL,    -- the day of entered_at in the programme's zone
    PRIMARY KEY (kind, version)
);

-- A published period frozen at a point of the logs: what lies beyond `positions` and touches it is a restatement.
CREATE TABLE period_close (
    period text NOT NULL CONSTRAINT period_close_form CHECK (period ~ '^[0-9]{4}(-[0-9]{2})?$'),
    version integer NOT NULL CONSTRAINT period_close_version CHECK (version >= 1),
    starts date NOT NULL,
    ends date NOT NULL,
    digest text NOT NULL,
    positions jsonb NOT NULL,
    closed_by text NOT NULL,
    closed_at timestamptz NOT NULL,
    reopened_by text,
    reopened_at timestamptz,
    reason text CONSTRAINT period_close_reason CHECK (reason IN ('late_reports', 'wrong_reports', 'merged_workers', 'method')),
    explanation text, -- may name somebody: never told
    PRIMARY KEY (period, version),
    CONSTRAINT period_close_span CHECK (starts <= ends),
    CONSTRAINT period_close_reopened CHECK (
        (reopened_by IS NULL) = (reopened_at IS NULL) AND (reopened_by IS NULL) = (reason IS NULL)
        AND (reopened_by IS NULL) = (explanation IS NULL)
    ),
    CONSTRAINT period_close_four_eyes CHECK (reopened_by <> closed_by)
);
CREATE UNIQUE INDEX period_close_one_open ON period_close (period) WHERE reopened_at IS NULL;

-- Sums of a closed period by province, as closed and as they stand.
CREATE TABLE frozen (
    period text NOT NULL,
    version integer NOT NULL,
    measure smallint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    province text COLLATE "C" NOT NULL,
    as_closed bigint NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (period, version, measure, currency, province),
    FOREIGN KEY (period, version) REFERENCES period_close (period, version)
);

-- Every restatement that was told.
CREATE TABLE restatement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    period text NOT NULL,
    version integer NOT NULL,
    told jsonb NOT NULL,
    FOREIGN KEY (period, version) REFERENCES period_close (period, version)
);
CREATE INDEX restatement_of ON restatement (period, id);

-- What was last told on stats.snapshot and stats.events, by key: only a change is told again.
CREATE TABLE published (
    key text PRIMARY KEY,
    said jsonb NOT NULL
);

-- The newest of what this service has told, whoever told it, for readers of the stream that come back after a break. Told one
-- transaction at a time, so that a lower number never appears after a higher one and a reader's last number is all it needs.
CREATE TABLE told (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    value bytea NOT NULL
);
CREATE FUNCTION keep_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7301004);
    INSERT INTO told (value) SELECT value FROM fresh ORDER BY id;
    RETURN NULL;
END
$$;
CREATE TRIGGER outbox_told AFTER INSERT ON outbox REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_told();
