-- A database that is restored, or a standby that was behind, gives the numbers it has lost to other updates of the sums. It has their versions
-- no more: what was read at a version that is not among the last is read anew.
DROP TRIGGER settled_without_number ON settled;
DROP FUNCTION begin_series();
ALTER TABLE settled DROP COLUMN series, ADD COLUMN earlier uuid[] NOT NULL DEFAULT '{}';    -- newest first

-- A process of the release before updates the sums without a number, which its blocks have not either. Goes with the next release.
CREATE FUNCTION forget_earlier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.earlier := '{}';
    RETURN NEW;
END
$$;
CREATE TRIGGER settled_without_number BEFORE UPDATE ON settled FOR EACH ROW WHEN (NEW.number = OLD.number) EXECUTE FUNCTION forget_earlier();
