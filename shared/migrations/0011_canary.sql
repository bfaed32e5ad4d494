-- When the newest canary of each topic that this service reads was written (delivery/canary.py), stored with the position after it. Of a
-- topic none of which has come yet: since when one is expected.
CREATE TABLE canary (
    topic text PRIMARY KEY,
    written timestamptz NOT NULL
);
