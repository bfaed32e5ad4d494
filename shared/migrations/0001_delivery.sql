-- The delivery protocol's own tables, in every service's database. Topic names are the logical ones (no prefix).

-- Committed and not yet acknowledged by Kafka. Written in the command's transaction, deleted by the relay.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    -- well below the broker's message.max.bytes (1 MiB): a row that Kafka refuses would block all that follow
    value bytea NOT NULL CONSTRAINT outbox_value_bounded CHECK (octet_length(value) BETWEEN 1 AND 524288)
);
-- A queue lives on a few pages that are rewritten all the time: vacuum by count, not by share of the table.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- `inflight`: ids of the rows being sent, as ranges in sending order, stored before they are sent; with relay_sequence it fixes their numbers.
CREATE TABLE relay (
    one boolean PRIMARY KEY DEFAULT true CONSTRAINT relay_one_row CHECK (one),
    epoch integer NOT NULL DEFAULT 1 CONSTRAINT relay_epoch_positive CHECK (epoch >= 1),
    inflight int8range[] NOT NULL DEFAULT '{}'
);
INSERT INTO relay DEFAULT VALUES;

CREATE TABLE relay_sequence (
    topic text NOT NULL,
    partition integer NOT NULL CONSTRAINT relay_sequence_partition CHECK (partition >= 0),
    next_number bigint NOT NULL CONSTRAINT relay_sequence_number CHECK (next_number >= 0),
    PRIMARY KEY (topic, partition)
);

-- Partitions a topic had when the relay first wrote to it. Kept for ever: a key must not move to another partition.
CREATE TABLE relay_topic (
    topic text PRIMARY KEY,
    partitions integer NOT NULL CONSTRAINT relay_topic_partitions CHECK (partitions >= 1)
);

-- How far this service has applied each log. Epoch 0: nothing read yet.
CREATE TABLE consumed (
    topic text NOT NULL,
    partition integer NOT NULL CONSTRAINT consumed_partition CHECK (partition >= 0),
    next_offset bigint NOT NULL DEFAULT 0 CONSTRAINT consumed_offset CHECK (next_offset >= 0),
    epoch integer NOT NULL DEFAULT 0 CONSTRAINT consumed_epoch CHECK (epoch >= 0),
    next_number bigint NOT NULL DEFAULT 0 CONSTRAINT consumed_number CHECK (next_number >= 0),
    gap_since timestamptz,
    PRIMARY KEY (topic, partition)
);

-- Records that could not be applied, and those held back behind them to keep the order of their subject.
CREATE TABLE dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    sequence text,               -- "epoch.number" as it came, where readable
    key bytea,
    value bytea,
    headers jsonb NOT NULL,      -- [[name, base64], ...] as they came
    reason text NOT NULL,        -- slug: no_sequence, undecodable, behind, or what the usecase said
    detail text NOT NULL,
    event_id uuid,
    event_type text,
    subject text,
    blocks boolean NOT NULL,     -- later records of the same key wait behind it; false: it never was part of the numbered log
    parked_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'parked' CONSTRAINT dead_letter_state CHECK (state IN ('parked', 'redriven', 'discarded')),
    decided_at timestamptz,
    decided_by text,
    decided_why text,
    CONSTRAINT dead_letter_once UNIQUE (topic, partition, "offset"),
    CONSTRAINT dead_letter_decided CHECK ((state = 'parked') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL))
);
CREATE INDEX dead_letter_open ON dead_letter (topic, key, id) WHERE state = 'parked';

-- Who recorded what about whom: a line per event of this service, and per look at what only few may see (event_id NULL).
CREATE TABLE history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    type text NOT NULL,
    event_id uuid CONSTRAINT history_event_once UNIQUE,
    actor text NOT NULL,
    recorded timestamptz NOT NULL,
    effective date NOT NULL,
    reason text
);
CREATE INDEX history_of ON history (subject, id);

-- Answers of commands by Idempotency-Key: claimed by INSERT in the command's transaction, replayed for the same request.
CREATE TABLE idempotency (
    key text NOT NULL,
    principal text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    body bytea,
    headers jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
