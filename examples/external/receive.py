"""Receive webhooks and check them: `python receive.py PORT`, with the secret in WEBHOOK_SECRET. Needs nothing else.

It prints one line for each event that is genuine, fresh and new, and refuses every other request. Put it behind TLS:
outside of a trial on one machine the platform speaks to https:// only.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

SECRET = base64.b64decode(os.environ.get("WEBHOOK_SECRET", "").removeprefix("whsec_"))
TOLERANCE_S = 300
LARGEST = 4_000_000


def is_genuine(headers, body: bytes) -> bool:
    """Whether the platform sent this, unchanged, a moment ago (Standard Webhooks, `v1`)."""
    message, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > TOLERANCE_S:
        return False  # somebody may have kept an old message
    digest = hmac.digest(SECRET, f"{message}.{sent_at}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split()  # several while a secret is being changed
    return any(hmac.compare_digest(expected, one) for one in given)


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 as soon as an event is noted; what takes long belongs behind a queue."""

    seen: ClassVar[set[str]] = (
        set()
    )  # a message may come twice, with the same webhook-id; keep this where it survives you

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length) if length <= LARGEST else b""
        genuine = is_genuine(self.headers, body)
        if genuine and self.headers["webhook-id"] not in self.seen:
            self.seen.add(self.headers["webhook-id"])
            event = json.loads(body)
            sys.stdout.write(f"{event['type']} {event['subject']} {event['data'].get('state', '')}\n")
            sys.stdout.flush()
        self.send_response(204 if genuine else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the output to events."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
