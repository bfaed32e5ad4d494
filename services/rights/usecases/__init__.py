"""Commands and reactions of rights, one file per aggregate."""
