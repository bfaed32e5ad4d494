-- E4: the reserve pays for what the law allows, in a case, and is topped up in time.
ALTER TABLE reserve_entry
    ADD COLUMN kind text NOT NULL DEFAULT 'deposit' CONSTRAINT reserve_entry_kind CHECK (kind IN ('deposit', 'draw', 'top_up')),
    ADD COLUMN use text CONSTRAINT reserve_entry_use CHECK (use IN ('fee_refund', 'wages', 'compensation', 'repatriation')),
    ADD COLUMN case_id uuid,
    ADD CONSTRAINT reserve_entry_draw CHECK (
        (kind = 'draw') = (amount_minor < 0) AND (kind = 'draw') = (use IS NOT NULL) AND (kind = 'draw') = (case_id IS NOT NULL)
    );
ALTER TABLE reserve_entry ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE enterprise ADD COLUMN reserve_due date;     -- the last day of the top-up after a draw below the minimum
CREATE INDEX enterprise_reserve_due ON enterprise (reserve_due) WHERE reserve_due IS NOT NULL;
