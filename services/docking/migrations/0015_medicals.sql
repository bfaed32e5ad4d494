-- A medical examination before departure: {examined_on, result, valid_until, place}. Health data, erased with the worker.
ALTER TABLE placement
    ADD medical jsonb,
    ADD medical_required boolean NOT NULL DEFAULT false;    -- not of those who were matched before it was recorded here
ALTER TABLE placement ALTER medical_required SET DEFAULT true;
