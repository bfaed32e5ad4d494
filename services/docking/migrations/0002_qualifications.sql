-- The life of a qualification: renewed, suspended for one ground or several, expired, revoked.
ALTER TABLE enterprise
    ADD COLUMN since date,                                    -- in this state
    ADD COLUMN suspended_for text[] NOT NULL DEFAULT '{}',    -- grounds in force
    DROP CONSTRAINT enterprise_state,
    ADD CONSTRAINT enterprise_state CHECK (state IN ('active', 'suspended', 'expired', 'revoked'));
-- No ground was recorded so far. An investigation is one that the authority lifts.
UPDATE enterprise SET since = qualified_on, suspended_for = CASE state WHEN 'suspended' THEN ARRAY['investigation'] ELSE '{}' END;
ALTER TABLE enterprise
    ALTER COLUMN since SET NOT NULL,
    ADD CONSTRAINT enterprise_suspended_for CHECK (
        CASE state WHEN 'suspended' THEN cardinality(suspended_for) > 0 WHEN 'revoked' THEN true ELSE cardinality(suspended_for) = 0 END
    );
CREATE INDEX enterprise_lapsing ON enterprise (valid_to) WHERE state = 'active';
CREATE INDEX enterprise_revoked ON enterprise (id) WHERE state = 'revoked';

-- What ends with a revocation is found without a look at those who departed long ago.
CREATE INDEX placement_before_departure ON placement (enterprise, id) WHERE state IN ('matched', 'clearance_requested', 'cleared');
CREATE INDEX job_order_open_of ON job_order (enterprise, id) WHERE state = 'open';
