-- Suspensions that have ended: nobody departed within one, though the departure be recorded later.
CREATE TABLE past_suspension (
    enterprise uuid NOT NULL REFERENCES enterprise,
    since date NOT NULL,
    until date NOT NULL,            -- the first day after it
    PRIMARY KEY (enterprise, since),
    CONSTRAINT past_suspension_lasted CHECK (since < until)
);
