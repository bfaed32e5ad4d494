"""What training answers."""
