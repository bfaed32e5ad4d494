-- E4: what rights asks the reserve to pay for a settlement. Drawn once at most, and put back when the settlement is withdrawn.
CREATE TABLE settlement_draw (
    settlement uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    enterprise uuid NOT NULL,       -- as rights names it; drawn from it only where it exists
    state text NOT NULL CONSTRAINT settlement_draw_state CHECK (state IN ('drawn', 'refused', 'withdrawn')),
    paid_minor bigint CONSTRAINT settlement_draw_paid CHECK (paid_minor > 0),     -- fen; null: nothing was drawn
    use text CONSTRAINT settlement_draw_use CHECK (use IN ('fee_refund', 'wages', 'compensation', 'repatriation')),
    CONSTRAINT settlement_draw_paid_whole CHECK (
        (paid_minor IS NULL) = (use IS NULL)
        AND CASE state WHEN 'drawn' THEN paid_minor IS NOT NULL WHEN 'refused' THEN paid_minor IS NULL ELSE true END
    )
);
ALTER TABLE reserve_entry
    ADD COLUMN settlement uuid REFERENCES settlement_draw,
    DROP CONSTRAINT reserve_entry_kind,
    DROP CONSTRAINT reserve_entry_draw,
    ADD CONSTRAINT reserve_entry_kind CHECK (kind IN ('deposit', 'draw', 'top_up', 'put_back')),
    ADD CONSTRAINT reserve_entry_payment CHECK (
        (kind = 'draw') = (amount_minor < 0)
        AND (kind IN ('draw', 'put_back')) = (use IS NOT NULL)
        AND (kind IN ('draw', 'put_back')) = (case_id IS NOT NULL)
        AND CASE kind WHEN 'put_back' THEN settlement IS NOT NULL WHEN 'draw' THEN true ELSE settlement IS NULL END
    );
-- Not even two processes draw twice for one settlement, or put it back twice.
CREATE UNIQUE INDEX reserve_entry_of_settlement ON reserve_entry (settlement, kind) WHERE settlement IS NOT NULL;
