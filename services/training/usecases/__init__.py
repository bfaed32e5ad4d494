"""Commands, reactions and queries of training, one file per aggregate."""
