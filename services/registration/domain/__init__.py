"""The rules of registration: identity, age, assurance, willingness, worker lists. Pure decisions."""
