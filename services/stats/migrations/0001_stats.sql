-- Cells and what is judged by them. Cells are additive: a figure is a sum of rows, so rows are only ever added, and the same
-- cell may stand in several rows. `day` is when it happened, `recorded_on` when its source recorded it (programme's zone).

-- A rebuild fills a generation beside the live one; swapping is one update.
CREATE TABLE generation (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL CONSTRAINT generation_state CHECK (state IN ('building', 'live', 'retired')),
    started_at timestamptz NOT NULL DEFAULT now(),
    live_at timestamptz
);
CREATE UNIQUE INDEX generation_one_live ON generation ((true)) WHERE state = 'live';
INSERT INTO generation (state, live_at) VALUES ('live', now());

CREATE TABLE cell (
    generation smallint NOT NULL REFERENCES generation (id),
    cut smallint NOT NULL,
    measure smallint NOT NULL,
    day date NOT NULL,
    recorded_on date NOT NULL,
    k1 text COLLATE "C" NOT NULL,
    k2 text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL CONSTRAINT cell_currency CHECK (currency ~ '^([A-Z]{3})?$'),
    value bigint NOT NULL CONSTRAINT cell_moves CHECK (value <> 0),
    CONSTRAINT cell_day CHECK (day BETWEEN '1990-01-01' AND recorded_on + 1)
);
CREATE INDEX cell_by_day ON cell (generation, cut, measure, day);

-- The same sums by month whatever the day of recording, for the cuts the boards read: what is known now, in few rows.
CREATE TABLE month_cell (
    generation smallint NOT NULL REFERENCES generation (id),
    cut smallint NOT NULL,
    measure smallint NOT NULL,
    month date NOT NULL CONSTRAINT month_cell_first_day CHECK (extract(day FROM month) = 1),
    k1 text COLLATE "C" NOT NULL,
    k2 text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (generation, cut, measure, month, k1, k2, currency)
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
    reason text,
    PRIMARY KEY (period, version),
    CONSTRAINT period_close_span CHECK (starts <= ends),
    CONSTRAINT period_close_reopened CHECK ((reopened_by IS NULL) = (reopened_at IS NULL) AND (reopened_by IS NULL) = (reason IS NULL)),
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
