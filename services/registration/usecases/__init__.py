"""One file per aggregate: workers, their personal data and willingness, imports of worker lists."""
