-- Answers are looked up by their key alone; nothing asks how old they are.
DROP INDEX idempotency_created;
