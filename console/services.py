"""The five services by name, in the order in which their ports are given out: a new one comes last."""

SERVICES = ("registration", "docking", "training", "rights", "stats")
