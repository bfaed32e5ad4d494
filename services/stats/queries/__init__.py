"""All SQL of stats: a file per table or topic, a named constant and a typed function per statement. No caches, no decisions."""
