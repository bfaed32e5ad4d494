-- Surveys of counties: headcounts, nobody's data. For a county and reference date there is one; every version of it is kept.
CREATE TABLE survey (
    survey uuid PRIMARY KEY,
    county text NOT NULL CONSTRAINT survey_county CHECK (county ~ '^[1-9][0-9]{5}$'),
    reference_date date NOT NULL CONSTRAINT survey_reference_date CHECK (reference_date >= '1990-01-01'),
    first_this_year boolean NOT NULL,
    version integer NOT NULL CONSTRAINT survey_version_positive CHECK (version >= 1),
    CONSTRAINT survey_once UNIQUE (county, reference_date)
);
CREATE INDEX survey_by_county ON survey (county text_pattern_ops, reference_date);

CREATE TABLE survey_version (
    survey uuid NOT NULL REFERENCES survey,
    version integer NOT NULL,
    state text NOT NULL CONSTRAINT survey_state CHECK (state IN ('recorded', 'voided')),
    voided_for text CONSTRAINT survey_voided_for CHECK (voided_for IN ('wrong_county', 'wrong_date', 'not_held', 'unreliable')),
    respondents integer NOT NULL CONSTRAINT survey_respondents CHECK (respondents >= 1),
    able integer NOT NULL CONSTRAINT survey_able CHECK (able BETWEEN 0 AND respondents),
    willing integer NOT NULL CONSTRAINT survey_willing CHECK (willing BETWEEN 0 AND able),
    skills jsonb NOT NULL,  -- [{occupation, people}]
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (survey, version),
    CONSTRAINT survey_void_whole CHECK ((state = 'voided') = (voided_for IS NOT NULL))
);
