"""Commands, reactions and queries of rights, one file per aggregate."""
