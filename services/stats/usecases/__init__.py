"""What stats does: counts batches of events, takes in plans and rates, closes periods, answers. One module each."""
