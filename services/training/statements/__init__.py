"""What training signs, as whoever checks it reads it."""
