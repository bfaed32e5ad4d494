-- Tokens that nobody is let in with any more, by the SHA-256 of their id: whoever reads the list learns no id.
CREATE TABLE token_lock (
    digest text PRIMARY KEY CONSTRAINT token_lock_digest CHECK (digest ~ '^[0-9a-f]{64}$'),
    locked_at timestamptz NOT NULL,
    locked_by text NOT NULL CONSTRAINT token_lock_locked_by CHECK (length(locked_by) BETWEEN 1 AND 250),
    reason text NOT NULL CONSTRAINT token_lock_reason CHECK (length(reason) BETWEEN 1 AND 200)
);
