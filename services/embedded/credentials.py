"""Passwords of an embedded platform's nats-server: of each service, and of each system outside that may reach it.

Each system finds in `<name>.json` where to connect and as whom; only the owner of the data directory can read it. A
password is made once and stays. Services get a new one at every start, which is kept nowhere.
"""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from libs.bus.accounts import USERS, Outsider


class Credentials:
    """What the systems outside of one platform get in with."""

    def __init__(self, folder: Path, outsiders: Sequence[Outsider]) -> None:
        self._folder = folder
        self._outsiders = tuple(outsiders)
        self.passwords = {each.name: self._known(each) or _new() for each in self._outsiders}
        self.passwords |= {user: _new() for user in USERS}

    def write(self, port: int | None) -> None:
        """Write the file of each system."""
        for each in self._outsiders:
            self._folder.mkdir(parents=True, exist_ok=True)
            document = {
                "url": f"nats://127.0.0.1:{port}",
                "user": each.name,
                "password": self.passwords[each.name],
                "tenant": each.tenant,
                "publishes": each.publishes(),
                "hears": each.hears(),
            }
            unfinished = self._path(each).with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(json.dumps(document, indent=2) + "\n")
            unfinished.replace(self._path(each))

    def _path(self, each: Outsider) -> Path:
        return self._folder / f"{each.name}.json"

    def _known(self, each: Outsider) -> str | None:
        path = self._path(each)
        return str(json.loads(path.read_text())["password"]) if path.exists() else None


def own_secret(path: Path) -> str:
    """A secret of this platform: made once, in a file that only its owner can read."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    return path.read_text().strip()


def _new() -> str:
    """A password that nats-server reads as text, whatever it begins with otherwise."""
    return "pw" + secrets.token_hex(24)
