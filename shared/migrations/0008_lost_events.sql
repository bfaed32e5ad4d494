-- Events that this service had published after the backup from which its database was restored: in the log, and lost from these tables.
-- While any of them is `lost`, no other command is taken (delivery/restoring.py).
CREATE TABLE lost_event (
    event_id uuid PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    recorded timestamptz NOT NULL,
    causation text,              -- id of the event that this one was a reaction to; request:... of a command
    value bytea NOT NULL,        -- as it stands in the log
    state text NOT NULL DEFAULT 'lost' CONSTRAINT lost_event_state CHECK (state IN ('lost', 'replayed', 'voided')),
    decided_at timestamptz,
    decided_by text,
    decided_why text,
    CONSTRAINT lost_event_once UNIQUE (topic, partition, "offset"),
    CONSTRAINT lost_event_decided CHECK ((state = 'lost') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)),
    CONSTRAINT lost_event_voided_why CHECK (state <> 'voided' OR decided_why IS NOT NULL)
);
CREATE INDEX lost_event_open ON lost_event (subject, type) WHERE state = 'lost';
CREATE INDEX lost_event_caused ON lost_event (causation) WHERE state = 'lost';
