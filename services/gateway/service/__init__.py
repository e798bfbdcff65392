"""Use cases of the gateway: what it asks of the owners, whom it lets in, and what it writes down about it."""

from services.gateway.service.erasures import Erasures
from services.gateway.service.gatekeeper import Gatekeeper
from services.gateway.service.owners import Forwarded, Gateway, OwnerRefusedError, OwnerSlowError, OwnerUnavailableError
from services.gateway.service.quotas import Quotas
from services.gateway.service.records import Records
from services.gateway.service.studies import Studies

__all__ = [
    "Erasures",
    "Forwarded",
    "Gatekeeper",
    "Gateway",
    "OwnerRefusedError",
    "OwnerSlowError",
    "OwnerUnavailableError",
    "Quotas",
    "Records",
    "Studies",
]
