"""What leaves the house on paper: parts say what a paper shows, drawing makes it a PDF."""
