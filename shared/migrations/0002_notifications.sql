-- Telling people what concerns them: notifications are written in the statement that publishes their event (delivery/outbox.py).

-- `audiences` and `fields`: shared/audiences.py. `count`: of how many events alike it is. `created_at`: by the machine's clock, whatever the
-- calendar that is played; what is old by it goes.
CREATE TABLE notification (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL CONSTRAINT notification_event_once UNIQUE,
    type text NOT NULL,
    subject text NOT NULL,
    recorded timestamptz NOT NULL,
    audiences text[] COLLATE "C" NOT NULL CONSTRAINT notification_audiences_named CHECK (cardinality(audiences) >= 1),
    fields jsonb NOT NULL,
    count integer NOT NULL DEFAULT 1 CONSTRAINT notification_count_positive CHECK (count >= 1),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notification_audiences ON notification USING gin (audiences);
CREATE INDEX notification_created ON notification (created_at);

-- By account, not by office: what a colleague has read is still new to the others.
CREATE TABLE notification_read (
    account text COLLATE "C" NOT NULL,
    notification bigint NOT NULL REFERENCES notification ON DELETE CASCADE,
    PRIMARY KEY (account, notification)
);
CREATE INDEX notification_read_of ON notification_read (notification);

-- Where a party or an office hears: another program (webhook) or an office's mailbox (mail). `hears`: the audiences it belongs to.
-- `sealed` and `previous`: secrets, encrypted (notifications/secrets.py); a mailbox's is the code that confirms it.
CREATE TABLE endpoint (
    id uuid PRIMARY KEY,
    role text NOT NULL CONSTRAINT endpoint_role CHECK (role IN ('enterprise', 'trainer', 'clerk', 'officer', 'operator')),
    owner text NOT NULL CONSTRAINT endpoint_owner_bounded CHECK (char_length(owner) BETWEEN 1 AND 200),
    hears text[] COLLATE "C" NOT NULL CONSTRAINT endpoint_hears_something CHECK (cardinality(hears) >= 1),
    kind text NOT NULL CONSTRAINT endpoint_kind CHECK (kind IN ('webhook', 'mail')),
    target text NOT NULL CONSTRAINT endpoint_target_bounded CHECK (char_length(target) BETWEEN 1 AND 2000),
    language text NOT NULL CONSTRAINT endpoint_language CHECK (language IN ('zh', 'en', 'ja')),
    types text[] COLLATE "C" NOT NULL DEFAULT '{}',
    sealed bytea NOT NULL,
    previous bytea,
    previous_until timestamptz,
    state text NOT NULL CONSTRAINT endpoint_state CHECK (state IN ('unconfirmed', 'enabled', 'disabled')),
    version integer NOT NULL DEFAULT 1 CONSTRAINT endpoint_version_positive CHECK (version >= 1),
    attempts_left integer NOT NULL DEFAULT 5 CONSTRAINT endpoint_attempts_left CHECK (attempts_left >= 0),
    failures integer NOT NULL DEFAULT 0 CONSTRAINT endpoint_failures CHECK (failures >= 0),
    failing_since timestamptz,
    paused_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT endpoint_previous_ends CHECK ((previous IS NULL) = (previous_until IS NULL)),
    CONSTRAINT endpoint_failing CHECK ((failures = 0) = (failing_since IS NULL))
);
CREATE INDEX endpoint_owned ON endpoint (role, owner);

-- One notification for one endpoint. Without a notification: the letter that asks a mailbox to confirm.
CREATE TABLE delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint uuid NOT NULL REFERENCES endpoint,
    notification bigint REFERENCES notification ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'waiting' CONSTRAINT delivery_state CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0 CONSTRAINT delivery_attempts CHECK (attempts >= 0),
    due_at timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz,
    status integer,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT delivery_once UNIQUE (endpoint, notification),
    CONSTRAINT delivery_finished CHECK ((state = 'waiting') = (finished_at IS NULL))
);
CREATE INDEX delivery_due ON delivery (endpoint, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_of_notification ON delivery (notification);
CREATE INDEX delivery_of_endpoint ON delivery (endpoint, id);
ALTER TABLE delivery SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
