-- Who read whose personal data in clear, when and why. It outlasts the data.
CREATE TABLE personal_data_access (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker uuid NOT NULL REFERENCES worker,
    reader text NOT NULL,
    accessed_at timestamptz NOT NULL,
    kind text NOT NULL CONSTRAINT personal_data_access_kind CHECK (kind IN ('shown', 'correction_shown', 'found_by_number', 'copied')),
    reason text NOT NULL
);
CREATE INDEX personal_data_access_of ON personal_data_access (worker, id);
CREATE INDEX personal_data_access_by ON personal_data_access (reader, id);

-- So far these were lines of the worker's history.
INSERT INTO personal_data_access (worker, reader, accessed_at, kind, reason)
SELECT subject::uuid, actor, recorded, CASE WHEN reason = 'decide_correction' THEN 'correction_shown' ELSE 'shown' END, reason
FROM history WHERE type = 'PersonalDataDisclosed' ORDER BY id;
DELETE FROM history WHERE type = 'PersonalDataDisclosed';
