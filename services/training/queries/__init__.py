"""The only SQL of training.

Locks are taken in one order, so that nothing here can deadlock: the allocation lock, sessions, enrolments, needs.
"""
