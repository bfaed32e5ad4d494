"""What rights answers."""
