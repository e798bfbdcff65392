"""A process that cannot start says which of its settings or servers keeps it from it, in one line without a secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from libs.bus.accounts import USERS
from libs.runtime.nats_server import NatsServer

NOWHERE = "postgresql://webhooks:pwsecret@127.0.0.1:9/webhooks"
DATABASE, URL = "REHEARSAL_WEBHOOKS_DATABASE_URL", "REHEARSAL_WEBHOOKS_NATS_URL"


def ended(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    environment = os.environ | {DATABASE: f"sqlite:///{folder}/own.db", "REHEARSAL_PORT": "0"} | settings
    command = [sys.executable, "-m", "services.webhooks", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({DATABASE: NOWHERE}, 3, f"webhooks cannot start: {DATABASE}: "),
        ({"REHEARSAL_MIGRATE": "false"}, 3, "have to be at"),
        ({"REHEARSAL_WORK_AT_ONCE": "zero"}, 1, "REHEARSAL_WEBHOOKS_WORK_AT_ONCE: Input should be a valid integer"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_a_line(
    tmp_path: Path, settings: dict[str, str], code: int, said: str
) -> None:
    found, log = ended(tmp_path, **settings)
    assert found == code, log
    assert said in log
    assert "Traceback" not in log
    assert "pwsecret" not in log


def test_a_server_that_does_not_let_it_in_is_named(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats", passwords={user: f"pw{user}" for user in USERS})
    server.start()
    try:
        code, log = ended(tmp_path, **{URL: f"nats://webhooks:pwsecret@127.0.0.1:{server.port}"})
    finally:
        server.stop()
    assert code == 3, log
    assert f"webhooks cannot start: {URL}: nats: 'Authorization Violation'" in log
    assert "Traceback" not in log


def test_tables_that_cannot_be_changed_end_the_migration_likewise(tmp_path: Path) -> None:
    code, log = ended(tmp_path, "migrate", **{DATABASE: NOWHERE})
    assert (code, "Traceback" in log, DATABASE in log) == (3, False, True)
