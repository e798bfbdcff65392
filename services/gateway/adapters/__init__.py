"""What the gateway reads outside: the event log, and who somebody is according to an identity provider."""

from services.gateway.adapters.event_log import EventLog, Reader, Stored
from services.gateway.adapters.oidc import Provider, ProviderUnavailableError, TokenRefusedError
from services.gateway.adapters.sign_in import SignIn
from services.gateway.adapters.tail import LogUnavailableError

__all__ = [
    "EventLog",
    "LogUnavailableError",
    "Provider",
    "ProviderUnavailableError",
    "Reader",
    "SignIn",
    "Stored",
    "TokenRefusedError",
]
