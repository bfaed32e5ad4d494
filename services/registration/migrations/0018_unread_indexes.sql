-- LIKE ANY over the patterns of a principal's regions reads no index; the county itself is looked up in worker_sorted_by_county.
DROP INDEX worker_by_county;
DROP INDEX announcement_by_county;
