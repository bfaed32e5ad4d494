-- Income of voided dispatches is worked off: attached to another placement of the worker, voided, or handed to another province.
ALTER TABLE income DROP CONSTRAINT income_state_known;
ALTER TABLE income ADD CONSTRAINT income_state_known
    CHECK (state IN ('counting', 'superseded', 'outranked', 'replaced', 'voided', 'orphaned', 'reattached'));
ALTER TABLE income ADD COLUMN orphaned_on date;
ALTER TABLE income ADD COLUMN orphan_region text CONSTRAINT income_orphan_region_is_a_province CHECK (orphan_region ~ '^[1-9][0-9]0000$');
UPDATE income SET orphaned_on = paid_on WHERE state = 'orphaned';
ALTER TABLE income ADD CONSTRAINT income_orphaned_has_a_day CHECK (state <> 'orphaned' OR orphaned_on IS NOT NULL);
