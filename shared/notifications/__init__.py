"""Telling people: what an office or a party finds in its inbox, and where else it hears of it.

audiences.py says whom an event concerns; delivery/outbox.py writes notifications and deliveries beside the event. Here: their texts
(templates), the inbox, endpoints and their secrets, and the sender, which posts webhooks and mails letters.
"""
