"""The public HTTP API as one OpenAPI document: what the gateway merges from the owners, without starting them.

`python -m services.embedded.openapi` writes schemas/openapi.json; `--check` fails when it is not up to date.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from libs.http import connect, register_local
from services.embedded.platform import SERVICES, service

FILE = Path(__file__).parents[2] / "schemas" / "openapi.json"


async def public_api() -> str:
    """The document as the gateway serves it."""
    with TemporaryDirectory() as directory:
        urls = {f"{name}_url": f"local://{name}" for name in SERVICES}
        fields = {"database_url": f"sqlite:///{directory}/opened-by-the-gateway-only.db", **urls}
        apps = {}
        for name in (*SERVICES, "gateway"):
            settings, create_app = service(name)
            apps[name] = create_app(settings(**{k: v for k, v in fields.items() if k in settings.model_fields}))
            register_local(name, apps[name])
        try:
            async with apps["gateway"].router.lifespan_context(apps["gateway"]), connect("local://gateway") as client:
                answer = await client.get("/openapi.json", headers={"host": "127.0.0.1"})
                return json.dumps(answer.raise_for_status().json(), indent=2, ensure_ascii=False) + "\n"
        finally:
            for name in apps:
                register_local(name, None)


def main(arguments: list[str]) -> int:
    """The exit code."""
    document = asyncio.run(public_api())
    if "--check" not in arguments:
        FILE.write_text(document)
    elif not FILE.exists() or FILE.read_text() != document:
        sys.stderr.write("schemas/openapi.json is not what the services say; run `make schemas`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
