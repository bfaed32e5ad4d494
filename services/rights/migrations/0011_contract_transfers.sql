-- What is promised by other employers that took the worker over, oldest first: [{change, since, terms}]. Before: the columns beside it.
ALTER TABLE ledger ADD transfers jsonb NOT NULL DEFAULT '[]';
