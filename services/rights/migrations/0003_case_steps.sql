-- A case goes from the complaint to its closing in steps, always has a clock, and is handled where its enterprise has its seat.
CREATE TABLE enterprise (
    enterprise uuid PRIMARY KEY,
    seat text NOT NULL CONSTRAINT enterprise_seat_is_a_code CHECK (seat ~ '^[1-9][0-9]{5}$')
);

ALTER TABLE rights_case DROP CONSTRAINT rights_case_state_known;
DROP INDEX rights_case_one_collective;
DROP INDEX rights_case_unanswered;
UPDATE rights_case SET state = 'received' WHERE state = 'open';
ALTER TABLE rights_case
    ADD COLUMN medium text CONSTRAINT rights_case_medium_known CHECK (medium IN ('phone', 'letter', 'visit', 'online')),
    -- The codes that every event of the case counts under: those of the departure when it was opened.
    ADD COLUMN county text,
    ADD COLUMN designation text,
    ADD COLUMN designation_version text,
    ADD COLUMN destination text,
    ADD COLUMN collective uuid REFERENCES rights_case,
    ADD COLUMN level text NOT NULL DEFAULT 'city' CONSTRAINT rights_case_level_known CHECK (level IN ('city', 'province', 'state')),
    ADD COLUMN assignee text,
    ADD COLUMN step_due timestamptz,
    ADD COLUMN lapsed boolean NOT NULL DEFAULT false,
    ADD COLUMN paused_at timestamptz,
    ADD COLUMN pause_reason text CONSTRAINT rights_case_pause_reason_known CHECK (
        pause_reason IN ('court', 'police', 'authority', 'worker_unreachable', 'evidence_abroad')
    ),
    ADD COLUMN asked_at timestamptz;
UPDATE rights_case SET county = ledger.county, designation = ledger.designation, designation_version = ledger.designation_version,
    destination = ledger.destination
FROM ledger WHERE ledger.placement = rights_case.placement;
UPDATE rights_case SET step_due = greatest(due_at, opened_at + interval '28 days') WHERE state <> 'closed';
ALTER TABLE rights_case
    -- What the clock runs to: the first answer, or the next step if that is due before. Null: closed.
    ADD COLUMN clock_due timestamptz GENERATED ALWAYS AS (
        CASE WHEN answered_at IS NULL AND NOT missed AND step_due IS NOT NULL THEN least(due_at, step_due) ELSE step_due END
    ) STORED,
    ADD CONSTRAINT rights_case_state_known CHECK (
        state IN ('received', 'triaged', 'assigned', 'response_requested', 'responded', 'offered', 'settling', 'settled', 'closed')
    ),
    ADD CONSTRAINT rights_case_has_a_clock CHECK ((state = 'closed') = (step_due IS NULL)),
    ADD CONSTRAINT rights_case_paused_whole CHECK ((paused_at IS NULL) = (pause_reason IS NULL) AND (paused_at IS NULL OR state <> 'closed')),
    ADD CONSTRAINT rights_case_origin_whole CHECK (num_nulls(county, designation, designation_version, destination) IN (0, 4)),
    ADD CONSTRAINT rights_case_member_of_another CHECK (collective <> "case" AND (collective IS NULL OR period IS NULL));
CREATE UNIQUE INDEX rights_case_one_collective ON rights_case (enterprise, period) WHERE period IS NOT NULL AND state <> 'closed';
CREATE INDEX rights_case_clock ON rights_case (clock_due) WHERE clock_due IS NOT NULL AND paused_at IS NULL AND NOT lapsed;
CREATE INDEX rights_case_members ON rights_case (collective) WHERE collective IS NOT NULL;
CREATE INDEX rights_case_of_placement ON rights_case (placement) WHERE placement IS NOT NULL;

-- Documents stay with whoever holds them: what is kept is enough to recognise one.
CREATE TABLE case_evidence (
    "case" uuid NOT NULL REFERENCES rights_case,
    digest text NOT NULL,
    kind text NOT NULL,
    provided_by text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY ("case", digest)
);
-- What was asked, answered and offered, in the words of whoever recorded it.
CREATE TABLE case_statement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "case" uuid NOT NULL REFERENCES rights_case,
    kind text NOT NULL,
    text text NOT NULL,
    amount_minor bigint,
    currency text,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT case_statement_kind_known CHECK (kind IN ('answer', 'request', 'response', 'offer')),
    CONSTRAINT case_statement_amount_whole CHECK ((amount_minor IS NULL) = (currency IS NULL) AND amount_minor >= 0)
);
CREATE INDEX case_statement_of ON case_statement ("case", id);
INSERT INTO case_statement ("case", kind, text, recorded_at)
SELECT "case", 'answer', answer, answered_at FROM rights_case WHERE answer IS NOT NULL ORDER BY answered_at;
ALTER TABLE rights_case DROP COLUMN answer;

CREATE TABLE settlement (
    settlement uuid PRIMARY KEY,
    "case" uuid NOT NULL REFERENCES rights_case,
    amount_minor bigint,  -- null: settled with the collective case, whose settlement has the amount
    currency text,
    paid_by text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    decided_at timestamptz,
    refusal text,
    CONSTRAINT settlement_amount_whole CHECK ((amount_minor IS NULL) = (currency IS NULL) AND amount_minor >= 0),
    CONSTRAINT settlement_payer_known CHECK (paid_by IN ('employer', 'enterprise', 'reserve', 'insurance')),
    CONSTRAINT settlement_state_known CHECK (state IN ('pending', 'paid', 'refused', 'withdrawn')),
    CONSTRAINT settlement_only_the_reserve_answers CHECK (paid_by = 'reserve' OR state = 'paid'),
    CONSTRAINT settlement_decided_whole CHECK ((state = 'pending') = (decided_at IS NULL)),
    CONSTRAINT settlement_refused_whole CHECK ((state = 'refused') = (refusal IS NOT NULL))
);
CREATE INDEX settlement_of ON settlement ("case", settlement);
CREATE UNIQUE INDEX settlement_one_pending ON settlement ("case") WHERE state = 'pending';
CREATE INDEX settlement_pending ON settlement (at, settlement) WHERE state = 'pending';
