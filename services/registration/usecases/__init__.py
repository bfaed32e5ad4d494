"""One file per aggregate: workers, their willingness, imports of worker lists."""
