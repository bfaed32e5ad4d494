-- One open emergency per country at a time.
CREATE TABLE emergency (
    emergency uuid PRIMARY KEY,
    destination text NOT NULL,
    region text,
    kind text NOT NULL,
    grade text NOT NULL CONSTRAINT emergency_grade_known CHECK (grade IN ('I', 'II', 'III', 'IV')),
    since date NOT NULL,
    authority text NOT NULL CONSTRAINT emergency_authority_known CHECK (authority IN ('city', 'province', 'state', 'embassy')),
    text text NOT NULL,
    declared_at timestamptz NOT NULL,
    state text NOT NULL,
    ended_at timestamptz,
    end_reason text,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT emergency_kind_known CHECK (kind IN ('war', 'unrest', 'terror', 'disaster', 'epidemic', 'accident', 'crime')),
    CONSTRAINT emergency_ended_whole CHECK ((state = 'ended') = (ended_at IS NOT NULL) AND state IN ('open', 'ended')),
    CONSTRAINT emergency_reason_of_an_end CHECK (end_reason IS NULL OR state = 'ended')
);
CREATE UNIQUE INDEX emergency_one_open ON emergency (destination) WHERE state = 'open';

-- Everybody who is or was abroad in the country while the emergency is open. No reference to ledger: declaring an emergency takes in
-- everybody there at once, and must not wait for a reaction that holds a ledger and waits for the country.
CREATE TABLE roll_call (
    emergency uuid NOT NULL REFERENCES emergency,
    placement uuid NOT NULL,
    condition text NOT NULL,
    whereabouts text NOT NULL,
    reported_by text,
    accounted_on date,
    announced boolean NOT NULL,
    PRIMARY KEY (emergency, placement),
    CONSTRAINT roll_call_condition_known CHECK (
        condition IN ('pending', 'safe', 'injured', 'missing', 'dead', 'left', 'returned', 'not_abroad')
    ),
    CONSTRAINT roll_call_reported_whole CHECK ((condition = 'pending') = (accounted_on IS NULL AND reported_by IS NULL))
);
CREATE INDEX roll_call_of_placement ON roll_call (placement);
CREATE INDEX roll_call_unannounced ON roll_call (placement) WHERE NOT announced;
CREATE INDEX ledger_abroad ON ledger (destination, placement) WHERE departed_on IS NOT NULL AND returned_on IS NULL AND NOT voided;
