"""A stand-in for the `nats` command where it is not installed: the one call of examples/external, over nats-py.

It takes what that script passes and nothing else, so a subject, header or body that is wrong is refused by the server.
"""

import argparse
import asyncio
import sys

import nats


async def main() -> int:
    """`nats --server URL --user U --password P request SUBJECT --header K:V… BODY`."""
    parser = argparse.ArgumentParser(prog="nats")
    for name in ("--server", "--user", "--password"):
        parser.add_argument(name, required=True)
    request = parser.add_subparsers(required=True).add_parser("request")
    request.add_argument("subject")
    request.add_argument("--header", action="append", default=[])
    request.add_argument("body")
    wanted = parser.parse_args()
    headers = {name: value for name, _, value in (each.partition(":") for each in wanted.header)}
    connection = await nats.connect(wanted.server, user=wanted.user, password=wanted.password)
    try:
        answer = await connection.request(wanted.subject, wanted.body.encode(), headers=headers, timeout=10)
        sys.stdout.write(answer.data.decode() + "\n")
        return 0
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
