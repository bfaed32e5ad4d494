-- Blocks are numbered as they are inserted. A rebuild remembers up to which blocks it has found the cells of both generations equal:
-- cells are sums, so what was inserted since decides about the rest.
ALTER TABLE block ADD COLUMN number bigint NOT NULL DEFAULT 0;    -- 0: inserted before blocks had numbers
ALTER TABLE block ALTER number DROP DEFAULT, ALTER number ADD GENERATED ALWAYS AS IDENTITY;
CREATE INDEX block_by_number ON block (generation, number);
-- Of a generation being built: the newest blocks compared, of the live one and of its own.
ALTER TABLE generation ADD COLUMN compared_live bigint NOT NULL DEFAULT 0, ADD COLUMN compared_rebuilt bigint NOT NULL DEFAULT 0;
