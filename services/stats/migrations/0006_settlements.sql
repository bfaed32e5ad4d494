-- Every update of the sums by year has a number, which the blocks have that it added: sums that were read before need only these.
ALTER TABLE block ADD COLUMN settlement bigint;    -- null: in no sums yet, or their number is not known
CREATE INDEX block_by_settlement ON block (generation, cut, measure, settlement) WHERE settlement IS NOT NULL;
ALTER TABLE settled ADD COLUMN number bigint NOT NULL DEFAULT 0, ADD COLUMN series uuid NOT NULL DEFAULT gen_random_uuid();

-- A process of the release before updates the sums without a number: whoever has read them reads them again. Goes with the next release.
CREATE FUNCTION begin_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.series := gen_random_uuid();
    RETURN NEW;
END
$$;
CREATE TRIGGER settled_without_number BEFORE UPDATE ON settled FOR EACH ROW WHEN (NEW.number = OLD.number) EXECUTE FUNCTION begin_series();
