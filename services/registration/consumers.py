"""What registration does when others have acted."""

from __future__ import annotations

from services.registration.usecases import willingness
from shared import events
from shared.delivery.consumer import Handlers

HANDLERS: Handlers = {events.Dispatched: willingness.withdraw_dispatched}
