-- E7: more than 100 workers of one enterprise in one country need accompanying managers, whose list is filed. No name is kept here.
CREATE TABLE accompaniment (
    id uuid PRIMARY KEY,
    enterprise uuid NOT NULL REFERENCES enterprise,
    destination text NOT NULL,
    filing_no text,                 -- null: no list is filed
    managers integer CONSTRAINT accompaniment_managers CHECK (managers BETWEEN 1 AND 10000),
    filed_on date,
    missing boolean NOT NULL,       -- published as ManagersMissing, and not cleared since
    CONSTRAINT accompaniment_once UNIQUE (enterprise, destination),
    CONSTRAINT accompaniment_filing_whole CHECK ((filing_no IS NULL) = (managers IS NULL) AND (filing_no IS NULL) = (filed_on IS NULL)),
    CONSTRAINT accompaniment_not_missing_when_filed CHECK (NOT (missing AND filing_no IS NOT NULL))
);
CREATE INDEX dispatch_abroad_of ON dispatch (enterprise, destination) WHERE returned_on IS NULL AND voided IS NULL;
CREATE INDEX placement_cleared_of ON placement (enterprise, destination) WHERE state = 'cleared';

-- E9: who stops business files a plan for the workers still abroad.
ALTER TABLE enterprise
    ADD COLUMN plan_no text,
    ADD COLUMN plan_takes_over uuid REFERENCES enterprise,
    ADD COLUMN plan_home_by date,
    DROP CONSTRAINT enterprise_state,
    DROP CONSTRAINT enterprise_suspended_for,
    ADD CONSTRAINT enterprise_state CHECK (state IN ('active', 'suspended', 'expired', 'stopped', 'revoked')),
    ADD CONSTRAINT enterprise_suspended_for CHECK (
        CASE state WHEN 'suspended' THEN cardinality(suspended_for) > 0 WHEN 'active' THEN cardinality(suspended_for) = 0
            WHEN 'expired' THEN cardinality(suspended_for) = 0 ELSE true END
    ),
    ADD CONSTRAINT enterprise_plan_whole CHECK (plan_no IS NOT NULL OR plan_takes_over IS NULL AND plan_home_by IS NULL),
    ADD CONSTRAINT enterprise_plan_of_stopped CHECK (plan_no IS NULL OR state IN ('stopped', 'revoked'));
DROP INDEX enterprise_revoked;
CREATE INDEX enterprise_ended ON enterprise (id) WHERE state IN ('stopped', 'revoked');
