"""What docking can be asked to do: bounded request models, one file per aggregate."""
