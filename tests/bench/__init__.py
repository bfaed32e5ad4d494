"""`python -m tests.bench`: ratios and bounds, measured in one run on a Kafka and a PostgreSQL of its own."""
