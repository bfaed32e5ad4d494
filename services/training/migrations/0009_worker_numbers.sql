-- The number that people know a worker by, as the match names it; unknown of earlier matches.
ALTER TABLE need ADD COLUMN worker_no text CONSTRAINT need_worker_no CHECK (char_length(worker_no) BETWEEN 1 AND 24);
ALTER TABLE merged ADD COLUMN survivor_no text CONSTRAINT merged_survivor_no CHECK (char_length(survivor_no) BETWEEN 1 AND 24);
