-- The day on which a certificate's end was published; what ended long ago is published with the next sweeps.
ALTER TABLE certificate ADD COLUMN expired_on date;
CREATE INDEX certificate_expiring ON certificate (valid_to, serial) WHERE revoked_on IS NULL AND expired_on IS NULL;
