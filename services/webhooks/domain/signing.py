"""Secrets and signatures of the Standard Webhooks specification, version 1.

No secret is stored: each is derived from the operator's key and the number of times it was rotated, so whoever reads
the database can sign nothing. A signature covers id, time and body, so none of them can be changed or sent again later.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"
SHORTEST_KEY = 32


def secret_of(key: str, tenant: str, webhook_id: str, number: int) -> str:
    """The secret with which a webhook's receiver checks signatures."""
    parts = "\x1f".join(("webhook secret", tenant, webhook_id, str(number)))
    return PREFIX + base64.b64encode(hmac.digest(key.encode(), parts.encode(), hashlib.sha256)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of one message with one secret: `v1,<base64>`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signed_headers(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message; with several secrets a receiver may check by any of them."""
    signatures = [signature(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
