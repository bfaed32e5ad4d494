-- Which server, which of its time lines and which database the relay last worked on. On another one, commits may have been lost that the
-- log has: a standby that was behind was promoted, or a backup restored. The relay then looks at the log before it numbers anything.
ALTER TABLE relay ADD COLUMN history text CONSTRAINT relay_history_length CHECK (length(history) <= 100);
