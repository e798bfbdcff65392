"""The stream of a large simulation, told by a server of its own: all of its past at once, or as it happens.

Only the events are made up here; they have the form in which the gateway tells them.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BATCH = 64  # responses in an event, as workers tell them
KEPT_BATCH = 4_000  # as the gateway tells what is past
PLACE = {"step_id": "s", "round": 1, "timeline_id": "main", "place": 0}
METRIC = {"name": "open_rate", "type": "binary", "role": "primary", "minimum": None, "maximum": None}
USAGE = {"calls": 0, "cached_calls": 0, "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0}


def events_of(agents: int, arms: Sequence[str], batch: int) -> Iterator[tuple[str, Any]]:
    """It begins to run, a step starts, and everybody answers in turn."""
    planned = dict.fromkeys(arms, agents // len(arms))
    yield "simulation-state-changed", {"state": "running", "reason": None, "planned": planned, "usage": USAGE}
    yield "step-started", {**PLACE, "planned": planned, "stimuli": {}, "metrics": [METRIC]}
    for start in range(0, agents, batch):
        answered = [_response(number, arms) for number in range(start, min(agents, start + batch))]
        yield "responses-recorded", {**PLACE, "responses": answered}


def _response(number: int, arms: Sequence[str]) -> dict[str, Any]:
    return {
        "arm": arms[number % len(arms)],
        "agent_id": f"agent_{number + 1:05}",
        "name": f"Person {number}",
        "segment": None,
        "status": "answered",
        "answers": {"open_rate": number % 3 == 0},
        "response": "I would open it.",
        "sentiment": 0.1,
        "responded_at": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
    }


@contextmanager
def telling(agents: int, arms: Sequence[str], lasts_s: float) -> Iterator[str]:
    """The address of a stream that takes so long; the gateway's own ends as little as this one does."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            told = list(events_of(agents, arms, BATCH if lasts_s else KEPT_BATCH))
            began = time.monotonic()
            for number, (name, data) in enumerate(told):
                ended.wait(max(0.0, began + lasts_s * number / len(told) - time.monotonic()))
                self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\nid: 1.{number}\n\n".encode())
                self.wfile.flush()
            ended.wait(60)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/stream"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
