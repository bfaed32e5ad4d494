"""What registration answers. Personal data appear masked, and only to those who may see them."""
