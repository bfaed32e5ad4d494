-- A case whose step is late while no higher office is left may still miss its first answer.
CREATE INDEX rights_case_lapsed ON rights_case (due_at) WHERE lapsed AND paused_at IS NULL AND answered_at IS NULL AND NOT missed;
