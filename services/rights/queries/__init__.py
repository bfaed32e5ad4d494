"""The only SQL of rights, one file per table.

Locks are taken in one order: ledgers by placement, then the countries whose emergencies are looked at and roll-calls, then the
enterprise whose findings are grouped, then its collective case, then other cases, then settlements. A sweep of late cases waits for
nobody. Whoever declares or ends an emergency holds the country and no ledger.
"""
