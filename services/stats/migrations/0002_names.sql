-- Tables and columns by the words of the field: an event is published, not told.
ALTER TABLE told RENAME TO stream_event;
ALTER TABLE published RENAME COLUMN said TO value;
ALTER TABLE restatement RENAME COLUMN told TO event;
ALTER TRIGGER outbox_told ON outbox RENAME TO outbox_stream_event;
ALTER FUNCTION keep_told() RENAME TO keep_stream_events;
CREATE OR REPLACE FUNCTION keep_stream_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7301004);
    INSERT INTO stream_event (value) SELECT value FROM fresh ORDER BY id;
    RETURN NULL;
END
$$;
