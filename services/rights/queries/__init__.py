"""The only SQL of rights, one file per table.

Locks are taken in one order: ledgers by placement, then an enterprise's collective case.
"""
