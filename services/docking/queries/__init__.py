"""The only SQL of docking, one module per table."""
