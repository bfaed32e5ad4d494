-- What rights publishes about an enterprise, as far as its scorecard counts it. No text, and nobody who complained.
CREATE TABLE complaint (
    case_id uuid PRIMARY KEY,
    enterprise uuid NOT NULL,
    opened_on date NOT NULL,
    by_rule boolean NOT NULL,           -- found by a rule of rights, not brought by people
    overdue boolean NOT NULL DEFAULT false,     -- the first answer was not given in time
    closed_on date,
    outcome text,
    CONSTRAINT complaint_closed_whole CHECK ((closed_on IS NULL) = (outcome IS NULL))
);
CREATE INDEX complaint_of ON complaint (enterprise, opened_on);

CREATE TABLE wage_finding (
    placement uuid NOT NULL,
    period text NOT NULL,
    kind text NOT NULL,
    enterprise uuid NOT NULL,
    found_on date NOT NULL,
    cleared_on date,
    PRIMARY KEY (placement, period, kind)
);
CREATE INDEX wage_finding_of ON wage_finding (enterprise, found_on);
CREATE INDEX dispatch_of_enterprise ON dispatch (enterprise, departed_on) WHERE voided IS NULL;
