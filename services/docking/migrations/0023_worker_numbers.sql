-- The number that people write, for the certificate on paper. Workers registered before have none here: their paper shows the id.
ALTER TABLE worker ADD number text CONSTRAINT worker_number_bounded CHECK (length(number) BETWEEN 1 AND 24);
