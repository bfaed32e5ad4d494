"""Telling people: what an office or a party finds in its inbox, and where else it hears of it.

audiences.py says whom an event concerns, and which of its fields leave the house; delivery/outbox.py writes notifications and deliveries
beside the event. Here: their texts (templates), the inbox, endpoints and their secrets, and the sender, which posts webhooks
(`webhook_body`) and mails letters (mailing). When each is tried again, and when it is given up: deliveries.
"""
