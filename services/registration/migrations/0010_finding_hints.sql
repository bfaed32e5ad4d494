-- What a cell could mean that means several things: names of counties, never what the cell held. A list may have its header in row 1 or
-- below a title; findings are of rows below it, as before.
ALTER TABLE import_finding ADD COLUMN hints text[] NOT NULL DEFAULT '{}';
