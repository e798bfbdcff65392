"""Use cases of the webhooks service, and the loop that sends what is owed."""

from services.webhooks.service.dispatcher import Dispatcher
from services.webhooks.service.secrets import Secrets
from services.webhooks.service.webhooks import Service

__all__ = ["Dispatcher", "Secrets", "Service"]
