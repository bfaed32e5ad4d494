"""What stats answers: a file per aggregate, pydantic models and the functions that fill them."""
