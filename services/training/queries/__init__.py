"""The only SQL of training, one file per table.

Locks are taken in one order, so that nothing here can deadlock: the allocation lock, sessions, enrolments, needs.
"""
