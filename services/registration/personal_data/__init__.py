"""What identifies a person: sealed under a key per worker, romanised, and masked where it is shown."""
