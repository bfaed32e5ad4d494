-- Open findings sorted by month begin anywhere without reading what comes before.
CREATE INDEX finding_by_month ON finding (kind, period, id) WHERE cleared_on IS NULL;
