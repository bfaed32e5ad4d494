-- The numbers that orders and placements had in the systems before this one: one number of one system is one record's of its kind.
CREATE TABLE old_number (
    kind text NOT NULL CONSTRAINT old_number_kind CHECK (kind IN ('order', 'placement')),
    system text NOT NULL CONSTRAINT old_number_system CHECK (system ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    number text NOT NULL CONSTRAINT old_number_length CHECK (length(number) BETWEEN 1 AND 40),
    job_order uuid REFERENCES job_order DEFERRABLE INITIALLY DEFERRED,
    placement uuid REFERENCES placement DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (kind, system, number),
    CONSTRAINT old_number_of_its_kind CHECK (CASE kind WHEN 'order' THEN placement IS NULL AND job_order IS NOT NULL
        ELSE job_order IS NULL AND placement IS NOT NULL END)
);
CREATE INDEX old_number_of_order ON old_number (job_order) WHERE job_order IS NOT NULL;
CREATE INDEX old_number_of_placement ON old_number (placement) WHERE placement IS NOT NULL;
CREATE INDEX old_number_anywhere ON old_number (number);
