-- Every correction of a worker: who asked, who decided, and which fields. Values of personal fields are never here in clear.
CREATE TABLE correction (
    correction uuid PRIMARY KEY,
    worker uuid NOT NULL REFERENCES worker,
    state text NOT NULL CONSTRAINT correction_state CHECK (state IN ('pending', 'approved', 'rejected', 'applied')),
    reason text NOT NULL CONSTRAINT correction_reason CHECK (reason IN ('mistyped', 'misunderstood', 'document_changed')),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    rejected_for text CONSTRAINT correction_rejected_for CHECK (rejected_for IN ('document_differs', 'not_proven', 'withdrawn')),
    CONSTRAINT correction_decided CHECK ((state IN ('approved', 'rejected')) = (num_nonnulls(decided_by, decided_at) = 2)),
    CONSTRAINT correction_rejected CHECK ((state = 'rejected') = (rejected_for IS NOT NULL)),
    CONSTRAINT correction_second_person CHECK (decided_by <> requested_by)
);
CREATE UNIQUE INDEX correction_one_pending ON correction (worker) WHERE state = 'pending';
CREATE INDEX correction_of ON correction (worker, correction);
CREATE INDEX correction_pending ON correction (correction) WHERE state = 'pending';

-- Codes before and after; of a personal field only that it changed.
CREATE TABLE correction_field (
    correction uuid NOT NULL REFERENCES correction,
    field text NOT NULL,
    previous text,
    fact text,
    PRIMARY KEY (correction, field),
    CONSTRAINT correction_field_of_codes CHECK (
        field IN ('county', 'residence_basis', 'education', 'occupations') OR num_nonnulls(previous, fact) = 0
    )
);

-- What a pending correction asks for, sealed like `personal`: gone with the decision, and with the person.
CREATE TABLE correction_sealed (
    correction uuid PRIMARY KEY REFERENCES correction,
    worker uuid NOT NULL REFERENCES personal ON DELETE CASCADE,
    ciphertext bytea NOT NULL,
    wrapped_key bytea NOT NULL
);
CREATE INDEX correction_sealed_of ON correction_sealed (worker);
