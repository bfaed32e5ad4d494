-- E10: the public register of breaches and penalties, of enterprises and of foreign employers; each as of its days.
CREATE TABLE notice (
    id uuid PRIMARY KEY,
    enterprise uuid REFERENCES enterprise,
    employer uuid REFERENCES employer,
    breach text NOT NULL,
    penalty text NOT NULL,
    fine_minor bigint CONSTRAINT notice_fine CHECK (fine_minor > 0),
    fine_currency text,
    decision_no text NOT NULL,
    decided_on date NOT NULL,
    since date NOT NULL,            -- public from this day on
    until date,                     -- the last day; null: for good
    state text NOT NULL CONSTRAINT notice_state CHECK (state IN ('published', 'withdrawn')),
    withdrawn_on date,              -- the first day on which it is public no more
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT notice_of_one CHECK ((enterprise IS NULL) <> (employer IS NULL)),
    CONSTRAINT notice_fine_whole CHECK ((fine_minor IS NULL) = (fine_currency IS NULL)),
    CONSTRAINT notice_days CHECK (decided_on <= since AND since <= until),
    CONSTRAINT notice_withdrawn_whole CHECK ((state = 'withdrawn') = (withdrawn_on IS NOT NULL))
);
CREATE INDEX notice_of_enterprise ON notice (enterprise, id) WHERE enterprise IS NOT NULL;
CREATE INDEX notice_of_employer ON notice (employer, id) WHERE employer IS NOT NULL;
CREATE UNIQUE INDEX notice_once ON notice (decision_no, coalesce(enterprise, employer)) WHERE state = 'published';
