-- Once for a placement; again for an emergency in which there was none.
CREATE TABLE repatriation (
    repatriation uuid PRIMARY KEY,
    placement uuid NOT NULL REFERENCES ledger,
    emergency uuid REFERENCES emergency,
    cause text NOT NULL,
    requested_by text NOT NULL,
    paid_by text NOT NULL CONSTRAINT repatriation_payer_known CHECK (paid_by IN ('employer', 'enterprise', 'reserve', 'insurance')),
    state text NOT NULL CONSTRAINT repatriation_state_known CHECK (state IN ('requested', 'approved', 'refused', 'completed')),
    approval text CONSTRAINT repatriation_approval_is_a_code CHECK (approval ~ '^[A-Za-z0-9][A-Za-z0-9./_-]{0,39}$'),
    criteria_version text,
    approver text,
    refusal text,
    completed_on date,
    cost_minor bigint CONSTRAINT repatriation_cost_is_no_income CHECK (cost_minor >= 0),
    currency text,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT repatriation_cause_known CHECK (cause IN ('emergency', 'distress', 'illness', 'unpaid', 'abuse', 'death')),
    CONSTRAINT repatriation_names_its_emergency CHECK ((cause = 'emergency') = (emergency IS NOT NULL)),
    CONSTRAINT repatriation_decided_whole CHECK ((state = 'requested') = (approver IS NULL AND criteria_version IS NULL)),
    CONSTRAINT repatriation_approved_in_writing CHECK (state NOT IN ('approved', 'completed') OR approval IS NOT NULL),
    CONSTRAINT repatriation_approved_by_another CHECK (approval IS NULL OR approver <> requested_by),
    CONSTRAINT repatriation_refused_whole CHECK ((state = 'refused') = (refusal IS NOT NULL)),
    CONSTRAINT repatriation_completed_whole CHECK ((state = 'completed') = (num_nonnulls(completed_on, cost_minor, currency) = 3))
);
CREATE UNIQUE INDEX repatriation_once ON repatriation (placement, (coalesce(emergency, '00000000-0000-0000-0000-000000000000')))
    WHERE state <> 'refused';
