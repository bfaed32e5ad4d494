-- Lists of placements sorted by these days begin anywhere without reading what comes before.
CREATE INDEX placement_by_since ON placement (since, id);
CREATE INDEX placement_by_match ON placement (matched_on, id);
