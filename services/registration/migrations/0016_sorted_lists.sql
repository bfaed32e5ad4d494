-- The list of workers sorted by these begins anywhere without reading what comes before.
CREATE INDEX worker_by_registration ON worker (registered_on, worker);
CREATE INDEX worker_sorted_by_county ON worker (county, worker);
