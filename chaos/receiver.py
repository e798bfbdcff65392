"""A receiver of webhooks outside the platform: it notes what it is told, each message once by its id."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EVENTS = ("simulation-created", "simulation-state-changed", "analysis-completed")


class Receiver:
    """Listens on a port of loopback until it is closed."""

    def __init__(self) -> None:
        told = self._told = dict[str, dict[str, Any]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                told[self.headers["webhook-id"]] = json.loads(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def told_of(self, simulation: str) -> list[str]:
        """What it was told of a simulation, in an order that does not depend on the order in which it came."""
        events = [event for event in list(self._told.values()) if event["data"].get("simulation_id") == simulation]
        return sorted(f"{event['type'].split('.')[-2]} {event['data'].get('state', '')}".strip() for event in events)

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
