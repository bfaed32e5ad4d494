-- Whether a registration is in force: not while a worker is suspended, nor once it lapsed because nobody saw a document.
ALTER TABLE worker ADD validity text NOT NULL DEFAULT 'active' CONSTRAINT worker_validity CHECK (validity IN ('active', 'suspended', 'lapsed'));
ALTER TABLE worker ADD validity_since date CONSTRAINT worker_validity_in_order CHECK (validity_since >= registered_on);
ALTER TABLE worker ADD suspended_for text CONSTRAINT worker_suspended_for CHECK (
    suspended_for IN ('identity_doubtful', 'false_statement', 'under_investigation', 'exit_restricted', 'asked_by_worker')
);
ALTER TABLE worker ADD CONSTRAINT worker_suspension_whole CHECK ((validity = 'suspended') = (suspended_for IS NOT NULL));
ALTER TABLE worker ADD CONSTRAINT worker_lapsed_is_provisional CHECK (validity <> 'lapsed' OR assurance = 'provisional');
ALTER TABLE worker ADD CONSTRAINT worker_willing_in_force CHECK (willingness <> 'willing' OR validity = 'active');
CREATE INDEX worker_provisional_until ON worker (provisional_until) WHERE assurance = 'provisional' AND validity = 'active';
