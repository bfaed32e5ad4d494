-- What a worker's code was, until the first day on which it was another: a departure counts under those of its own day.
CREATE TABLE earlier_code (
    worker uuid NOT NULL REFERENCES worker,
    code text NOT NULL CONSTRAINT earlier_code_code CHECK (code IN ('county', 'household_status')),
    until date NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (worker, code, until)
);
