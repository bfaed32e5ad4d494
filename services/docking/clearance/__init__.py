"""Leave to depart: the checks that decide it, and the signed certificate it is given in.

The steps around the decision (waiting for training's certificate, timeouts, compensation) are usecases/clearances.py and
usecases/sweeps.py.
"""
