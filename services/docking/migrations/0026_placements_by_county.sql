-- A county's placements begin anywhere without a look at those of the country: of half a million, a clerk waited for all of them.
CREATE INDEX placement_by_county ON placement (county, id);
