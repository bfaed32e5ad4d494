-- The supply in the order of its pages, from the index alone: of a million workers the first page took a second and a half.
CREATE INDEX worker_supply ON worker (county, expires_on) INCLUDE (offered_occupations, destinations) WHERE willingness = 'willing';
