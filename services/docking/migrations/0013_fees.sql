-- C5: every fee of a placement is declared, by payer and item. No deposit and no guarantee under any name.
CREATE TABLE fee (
    id uuid PRIMARY KEY,                    -- the placement's own id: the service fee that its contract names
    placement uuid NOT NULL REFERENCES placement,
    payer text NOT NULL CONSTRAINT fee_payer CHECK (payer IN ('worker', 'enterprise', 'employer')),
    item text NOT NULL CONSTRAINT fee_item CHECK (item IN (
        'service_fee', 'medical', 'insurance', 'skills_test', 'training', 'equipment', 'travel', 'lodging', 'passport', 'visa', 'work_permit',
        'documents'
    )),
    amount_minor bigint NOT NULL CONSTRAINT fee_amount CHECK (amount_minor BETWEEN 0 AND 10000000000000),
    amount_currency text NOT NULL,
    charged_on date NOT NULL,
    county text NOT NULL,                   -- of the worker when it was declared, and what it was listed as on the day of the charge
    designation text NOT NULL,
    designation_version text NOT NULL,
    published boolean NOT NULL,
    voided text                             -- why
);
CREATE INDEX fee_of ON fee (placement, id);
-- Contracts filed so far name the service fee, which no event of its own has published yet.
INSERT INTO fee (id, placement, payer, item, amount_minor, amount_currency, charged_on, county, designation, designation_version,
    published)
SELECT id, id, 'worker', 'service_fee', (contract -> 'service_fee' ->> 'minor')::bigint, contract -> 'service_fee' ->> 'currency',
    (contract ->> 'filed_on')::date, county, 'unclassified', '', false
FROM placement WHERE contract -> 'service_fee' ->> 'minor' IS NOT NULL;
