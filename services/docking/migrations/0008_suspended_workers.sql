-- Registration has suspended the worker: not matched, and not cleared.
ALTER TABLE worker ADD suspended boolean NOT NULL DEFAULT false;
