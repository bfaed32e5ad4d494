-- The programme made known: public text, where, how, in which languages; and how many it reached, every version of it kept.
CREATE SEQUENCE announcement_number;

CREATE TABLE announcement (
    announcement uuid PRIMARY KEY,
    announcement_no text NOT NULL CONSTRAINT announcement_no_once UNIQUE
        CONSTRAINT announcement_no_form CHECK (announcement_no ~ '^A[0-9]{8,18}-[0-9X]$'),
    title text NOT NULL CONSTRAINT announcement_title CHECK (char_length(title) BETWEEN 1 AND 120),
    channels text[] NOT NULL CONSTRAINT announcement_channels CHECK (cardinality(channels) BETWEEN 1 AND 20),
    languages text[] NOT NULL CONSTRAINT announcement_languages CHECK (cardinality(languages) BETWEEN 1 AND 30),
    published_on date NOT NULL CONSTRAINT announcement_published_on CHECK (published_on >= '1990-01-01'),
    published_by text NOT NULL,
    published_at timestamptz NOT NULL
);

CREATE TABLE announcement_county (
    announcement uuid NOT NULL REFERENCES announcement,
    county text NOT NULL CONSTRAINT announcement_county_code CHECK (county ~ '^[1-9][0-9]{5}$'),
    PRIMARY KEY (announcement, county)
);
CREATE INDEX announcement_by_county ON announcement_county (county text_pattern_ops, announcement);

CREATE TABLE outreach (
    outreach uuid PRIMARY KEY,
    announcement uuid NOT NULL REFERENCES announcement,
    version integer NOT NULL CONSTRAINT outreach_version_positive CHECK (version >= 1)
);
CREATE INDEX outreach_of ON outreach (announcement, outreach);

CREATE TABLE outreach_version (
    outreach uuid NOT NULL REFERENCES outreach,
    version integer NOT NULL,
    state text NOT NULL CONSTRAINT outreach_state CHECK (state IN ('recorded', 'voided')),
    reason text CONSTRAINT outreach_reason CHECK (
        reason IN ('mistyped', 'counted_anew', 'misattributed', 'entered_twice', 'not_held', 'wrong_announcement')
    ),
    county text NOT NULL CONSTRAINT outreach_county CHECK (county ~ '^[1-9][0-9]{5}$'),
    channel text NOT NULL,
    reached integer NOT NULL CONSTRAINT outreach_reached CHECK (reached >= 0),
    happened_on date NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (outreach, version),
    CONSTRAINT outreach_reason_whole CHECK ((version = 1) = (reason IS NULL))
);

-- By which announcement and channel a worker came to register, where that is known.
ALTER TABLE worker ADD outreach_announcement uuid REFERENCES announcement;
ALTER TABLE worker ADD outreach_channel text;
ALTER TABLE worker ADD CONSTRAINT worker_outreach_whole CHECK ((outreach_announcement IS NULL) = (outreach_channel IS NULL));
CREATE INDEX worker_by_announcement ON worker (outreach_announcement) WHERE outreach_announcement IS NOT NULL;

-- Records that stand, and registrations under the county where they were registered: what the figures count.
CREATE VIEW reach AS
SELECT announcement, county, channel, 1 AS records, reached, 0 AS converted
FROM outreach JOIN outreach_version USING (outreach, version) WHERE state = 'recorded'
UNION ALL
SELECT outreach_announcement, coalesce((
    SELECT value FROM earlier_code WHERE earlier_code.worker = worker.worker AND code = 'county' ORDER BY until LIMIT 1
), county), outreach_channel, 0, 0, 1
FROM worker WHERE outreach_announcement IS NOT NULL;
