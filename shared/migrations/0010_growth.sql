-- Partitions may be added to a topic while its service runs. `wanted` is what an operator asks for; the relay takes it up once nothing is
-- in flight, since a row that is sent again must get the same partition and number.
ALTER TABLE relay_topic ADD COLUMN wanted integer CONSTRAINT relay_topic_wanted CHECK (wanted >= 1);

-- Where the subjects of a partition were that was added later: in `parent`, up to the offset `parent_end`. Kept for ever: whoever reads the
-- log from its beginning has to wait there.
CREATE TABLE relay_growth (
    topic text NOT NULL,
    partition integer NOT NULL CONSTRAINT relay_growth_partition CHECK (partition >= 1),
    parent integer NOT NULL CONSTRAINT relay_growth_parent CHECK (parent >= 0),
    parent_end bigint NOT NULL CONSTRAINT relay_growth_parent_end CHECK (parent_end >= 0),
    partitions integer NOT NULL CONSTRAINT relay_growth_partitions CHECK (partitions >= 2),
    PRIMARY KEY (topic, partition),
    CONSTRAINT relay_growth_order CHECK (parent < partition AND partition < partitions)
);
