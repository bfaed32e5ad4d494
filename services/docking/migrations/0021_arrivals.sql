-- What the worker says about the agreed terms, so many days after the departure; with the codes by which it is counted.
CREATE TABLE arrival (
    placement uuid NOT NULL REFERENCES placement,
    day integer NOT NULL CONSTRAINT arrival_day CHECK (day > 0),
    confirmed_on date NOT NULL,
    differences text[] NOT NULL CONSTRAINT arrival_differences
        CHECK (differences <@ ARRAY['employer', 'wage', 'work', 'place', 'hours', 'passport']),
    enterprise uuid NOT NULL,
    county text NOT NULL,
    designation text NOT NULL,
    designation_version text NOT NULL,
    destination text NOT NULL,
    occupation text NOT NULL,
    channel text NOT NULL,
    PRIMARY KEY (placement, day)
);
-- Who is asked: everybody abroad, but those who were abroad before this system took over.
CREATE INDEX dispatch_asked ON dispatch (placement) WHERE returned_on IS NULL AND voided IS NULL AND evidence <> 'adopted';
