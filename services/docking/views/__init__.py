"""What docking answers: each aggregate as its readers see it."""
