-- Countries with an emergency, as rights declares and ends them: nobody is cleared for them, and nobody departs (W5).
CREATE TABLE country_emergency (
    id uuid PRIMARY KEY,
    destination text NOT NULL,
    declared_on date NOT NULL,
    ended_on date,
    CONSTRAINT country_emergency_ends_after_it_began CHECK (ended_on >= declared_on)
);
CREATE INDEX country_emergency_by_destination ON country_emergency (destination);
CREATE INDEX placement_cleared_by_destination ON placement (destination) WHERE state = 'cleared' AND certificate IS NOT NULL;
