-- Contracts that end soon, and who is abroad in a country, are read from the front of an index.
CREATE INDEX placement_ending ON placement ((contract ->> 'end')) WHERE state = 'abroad';
CREATE INDEX dispatch_abroad ON dispatch (destination, placement) WHERE returned_on IS NULL AND voided IS NULL;
