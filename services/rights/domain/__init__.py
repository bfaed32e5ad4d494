"""What rights decides, without I/O: what is owed, which report counts, what falls short, when a case may be closed."""
