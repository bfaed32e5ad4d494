-- Whose wages a collective case is about. A settled one is over for its members; who is found short after it needs another.
CREATE TABLE collective_member (
    "case" uuid NOT NULL REFERENCES rights_case,
    placement uuid NOT NULL REFERENCES ledger,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY ("case", placement)
);
CREATE INDEX collective_member_of ON collective_member (placement);
INSERT INTO collective_member ("case", placement, joined_at)
SELECT DISTINCT rights_case."case", finding.placement, opened_at FROM rights_case JOIN finding USING (enterprise, period)
WHERE finding.kind = 'short' AND rights_case.period IS NOT NULL;
DROP INDEX rights_case_one_collective;
CREATE UNIQUE INDEX rights_case_one_collective ON rights_case (enterprise, period)
WHERE period IS NOT NULL AND state NOT IN ('settled', 'closed');
CREATE INDEX rights_case_of_month ON rights_case (enterprise, period) WHERE period IS NOT NULL;
