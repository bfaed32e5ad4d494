-- Roll-calls and overdue confirmations sorted by departure begin anywhere without reading what comes before.
CREATE INDEX dispatch_abroad_since ON dispatch (destination, departed_on, placement) WHERE returned_on IS NULL AND voided IS NULL;
CREATE INDEX dispatch_asked_since ON dispatch (departed_on, placement)
    WHERE returned_on IS NULL AND voided IS NULL AND evidence <> 'adopted';
