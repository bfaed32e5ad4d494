-- E6: foreign employers, each a company and never a natural person; with a licence where the host state asks for one.
CREATE TABLE employer (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    destination text NOT NULL,              -- the host state
    registration_no text NOT NULL,          -- in the host state's register of companies
    licence_no text,
    registered_on date NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT employer_once UNIQUE (destination, registration_no)
);
ALTER TABLE job_order ADD COLUMN employer_id uuid REFERENCES employer;  -- null: named, not registered
