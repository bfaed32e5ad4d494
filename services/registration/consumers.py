"""Which event leads to which usecase."""

from __future__ import annotations

from services.registration.usecases import willingness
from shared import events
from shared.delivery import consumer

TOPICS = (events.DOCKING,)

HANDLERS: consumer.Handlers = {events.Dispatched: willingness.withdraw_dispatched}

apply = consumer.each(HANDLERS)
