-- Codes that change in the course of a life: what they are now stands in `worker`, what they were before, and until when, here.
ALTER TABLE worker ADD residence_since date CONSTRAINT worker_residence_in_order CHECK (residence_since > registered_on);
ALTER TABLE worker ADD household_since date CONSTRAINT worker_household_in_order CHECK (household_since >= registered_on);

CREATE TABLE earlier_code (
    worker uuid NOT NULL REFERENCES worker,
    code text NOT NULL CONSTRAINT earlier_code_code CHECK (code IN ('county', 'household_status')),
    until date NOT NULL,       -- the first day on which it was another
    value text NOT NULL,
    PRIMARY KEY (worker, code, until)
);
