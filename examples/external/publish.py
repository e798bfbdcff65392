"""Have an intervention designed and run from outside, over NATS: `python publish.py CREDENTIALS POPULATION`.

CREDENTIALS is the file that `rehearsal up --external NAME` writes; nats-py is all this needs. It prints what it hears
until the analysis is there, and ends with 1 when the request is rejected.
"""

import asyncio
import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import nats

TYPE = "rehearsal.gateway.intervention-requested.v1"
INTERVENTION = {
    "name": "Subject line",
    "type": "marketing_intervention",
    "variants": [
        {"name": "short", "content": "Half price today", "channel": "email"},
        {"name": "long", "content": "Our autumn offers, chosen for you", "channel": "email"},
    ],
    "success_metrics": ["open_rate"],
}


async def main(who: dict, population: str, request_id: str = "") -> int:
    """Publish one request, then listen for what comes of it."""
    event_id = str(uuid.uuid4())
    request = {
        "request_id": request_id or event_id,
        "action": "create",
        "intervention": INTERVENTION | {"population_id": population},
        "execution": {"seed": 7},
    }
    subject = who["publishes"][0].removesuffix("*") + request["request_id"]
    headers = {
        "Nats-Msg-Id": event_id,  # within ten minutes NATS drops a second one itself; later the receiver does
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-source": f"/{who['user']}",
        "ce-type": TYPE,
        "ce-time": datetime.now(UTC).isoformat(),
        "ce-tenant": who["tenant"],
    }
    heard: asyncio.Queue = asyncio.Queue()
    connection = await nats.connect(who["url"], user=who["user"], password=who["password"])
    try:
        for pattern in who["hears"]:
            await connection.subscribe(pattern, cb=heard.put)
        await connection.flush()
        stored = await connection.jetstream().publish(subject, json.dumps(request).encode(), headers=headers)
        sys.stdout.write(f"published as {stored.stream} {stored.seq}\n")
        while True:
            message = await asyncio.wait_for(heard.get(), timeout=120)
            if (message.headers or {}).get("ce-correlationid") != event_id:
                continue  # what somebody else asked for
            name = message.subject.split(".")[4]
            data = json.loads(message.data)
            sys.stdout.write(f"{name} {data.get('state') or data.get('errors') or ''}\n")
            if name == "analysis-completed":
                sys.stdout.write(f"{data['analysis']['verdict']}\n")
            if name in {"analysis-completed", "intervention-rejected"}:
                return int(name == "intervention-rejected")
    finally:
        await connection.close()


if __name__ == "__main__":
    credentials, *rest = sys.argv[1:]
    sys.exit(asyncio.run(main(json.loads(Path(credentials).read_text()), *rest)))
