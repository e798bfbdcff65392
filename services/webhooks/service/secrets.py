"""The secrets that a webhook's messages are signed with, made when they are needed and kept nowhere."""

from collections.abc import Mapping
from datetime import datetime

from libs.contracts.errors import NotAvailableError
from services.webhooks.domain.signing import SHORTEST_KEY, secret_of, signed_headers
from services.webhooks.domain.webhook import Webhook


class Secrets:
    """Derives secrets from the operator's key. Ends the program for a key that could be guessed."""

    def __init__(self, key: str) -> None:
        if key and len(key) < SHORTEST_KEY:
            raise SystemExit(f"REHEARSAL_WEBHOOKS_SECRETS_KEY must have at least {SHORTEST_KEY} characters")
        self._key = key

    def check(self) -> None:
        """Raise `NotAvailableError` where the operator has set no key."""
        if not self._key:
            raise NotAvailableError("A webhook (REHEARSAL_WEBHOOKS_SECRETS_KEY is not set)")

    def of(self, tenant: str, webhook: Webhook) -> str:
        """The secret of a webhook."""
        self.check()
        return secret_of(self._key, tenant, webhook.webhook_id, webhook.secret_number)

    def sign(self, tenant: str, webhook: Webhook, message_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
        """The headers of a message; for a while after a rotation the old secret signs beside the new one."""
        self.check()
        numbers = [webhook.secret_number]
        if webhook.old_secret_until is not None and now < webhook.old_secret_until:
            numbers.append(webhook.secret_number - 1)
        secrets = [secret_of(self._key, tenant, webhook.webhook_id, number) for number in numbers]
        return signed_headers(secrets, message_id, int(now.timestamp()), body)
