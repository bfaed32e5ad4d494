-- Enrolments are looked for by the number that people know the worker by, which stands with the need of the placement.
CREATE INDEX need_of_number ON need (worker_no);
