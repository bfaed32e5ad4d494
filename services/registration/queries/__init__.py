"""The only SQL of registration."""
