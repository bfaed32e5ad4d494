-- A registration is one statement: it numbers the worker, and looks whether somebody else shares a key.

-- What people write down and read out: W00000001-5, whose check character is that of ISO 7064 MOD 11-2.
CREATE FUNCTION next_worker_no() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    digits text := to_char(nextval('worker_number'), 'FM999999999900000000');
    digit integer;
    remainder integer := 0;
BEGIN
    FOREACH digit IN ARRAY string_to_array(digits, NULL)::integer[] LOOP
        remainder := (remainder + digit) * 2 % 11;
    END LOOP;
    RETURN 'W' || digits || '-' || substr('0123456789X', (12 - remainder) % 11 + 1, 1);
END $$;

-- Volatile, so it sees what was committed before it was called; the statement that calls it sees what was committed before that began.
-- A hash at a time: with IN the plan made while there were no rows yet, which a connection keeps, reads them all.
CREATE FUNCTION key_is_known(id_hash bytea, second_id_hash bytea, blocking_hash bytea, second_blocking_hash bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM personal WHERE personal.id_hash = $1) OR EXISTS (SELECT FROM personal WHERE personal.id_hash = $2)
        OR EXISTS (SELECT FROM personal WHERE personal.blocking_hash = $3) OR EXISTS (SELECT FROM personal WHERE personal.blocking_hash = $4);
END $$;
