"""Events and commands between services: exactly-once effects over an at-least-once transport.

What a handler changes and what it sends commit together in the service's database (outbox), and what it received is
noted in the same transaction (inbox); NATS JetStream only carries messages and may lose them all.
"""

from libs.bus.bus import Bus
from libs.bus.dead_letters import DeadLetter
from libs.bus.errors import NotReadyError, OnHoldError
from libs.bus.outbox import Outbox, republish
from libs.bus.router import Router
from libs.bus.settings import BusSettings

__all__ = ["Bus", "BusSettings", "DeadLetter", "NotReadyError", "OnHoldError", "Outbox", "Router", "republish"]
