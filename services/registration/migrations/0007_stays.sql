-- Where a worker has been, as docking counts it: two who are abroad at once are not one person.
CREATE TABLE stay (
    placement uuid PRIMARY KEY,
    worker uuid NOT NULL REFERENCES worker,
    departed_on date NOT NULL,
    returned_on date,                           -- null: abroad
    CONSTRAINT stay_in_order CHECK (returned_on >= departed_on)
);
CREATE INDEX stay_of ON stay (worker);
