"""What is under deploy/nats: nats-server takes it, speaks TLS alone, and lets nobody in without a password."""

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.errors import Error as NatsError

from libs.bus import Router
from libs.bus.accounts import USERS, password_variable
from libs.bus.permissions import inbox_prefix
from libs.bus.tls import Tls
from libs.contracts.envelope import Message
from libs.contracts.results import ExtractFields
from libs.runtime.nats_server import nats_server_binary
from libs.schemas.render import example_name
from tests.libs.bus.parts import running, settings, until
from tests.support.certificates import Certificates, make_certificates
from tests.support.platforms import free_port

ROOT = Path(__file__).parents[3]
NATS = ROOT / "deploy" / "nats"
EXAMPLE = ROOT / "schemas" / "examples" / example_name(ExtractFields)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path)


@pytest.fixture
def environment(tmp_path: Path, certificates: Certificates) -> dict[str, str]:
    routes = {f"REHEARSAL_NATS_ROUTE_{number}": f"tls://127.0.0.1:{6300 + number}" for number in range(3)}
    return {
        "REHEARSAL_NATS_NAME": "rehearsal-0",
        "REHEARSAL_NATS_STORE": str(tmp_path / "store"),
        "REHEARSAL_NATS_CA": str(certificates.authority),
        "REHEARSAL_NATS_CERT": str(certificates.certificate),
        "REHEARSAL_NATS_KEY": str(certificates.key),
        **routes,
        **{password_variable(user): f"pw{user}" for user in USERS},
    }


@pytest.mark.parametrize("name", ["single.conf", "cluster.conf", "local.conf"])
def test_nats_server_takes_the_configuration(name: str, environment: dict[str, str]) -> None:
    command = [nats_server_binary(), "-t", "-c", NATS / name]
    checked = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
    assert checked.returncode == 0, checked.stderr
    without = {key: value for key, value in environment.items() if key != password_variable("results")}
    refused = subprocess.run(command, env=without, capture_output=True, text=True, timeout=20)
    assert password_variable("results") in refused.stderr


@pytest.fixture
async def port(tmp_path: Path, environment: dict[str, str]) -> AsyncIterator[int]:
    """A server with the files of deploy/nats, on loopback and a port of its own."""
    shutil.copytree(NATS, tmp_path / "nats")
    common = tmp_path / "nats" / "common.conf"
    port = free_port()
    text = common.read_text().replace("0.0.0.0:4222", f"127.0.0.1:{port}").replace("0.0.0.0:8222", "127.0.0.1:-1")
    common.write_text(text)
    command = [str(nats_server_binary()), "-c", str(tmp_path / "nats" / "single.conf")]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


async def test_a_service_works_over_tls_with_its_own_rights_alone(
    port: int, certificates: Certificates, sqlite_url: str
) -> None:
    router = Router("results")
    received: list[str] = []

    @router.work(ExtractFields)
    async def on_extract(message: Message[ExtractFields], service: object) -> None:
        received.append(message.data.simulation_id)

    asked = ExtractFields.model_validate_json(EXAMPLE.read_bytes())
    url = f"tls://results:pwresults@127.0.0.1:{port}"
    believing = settings(url, tls=Tls(certificates.authority), inbox_prefix=inbox_prefix("results"))
    async with running("results", sqlite_url, believing, router) as service:
        await service.send(asked)
        await until(lambda: received == [asked.simulation_id])


@pytest.mark.parametrize("who", ["", "results:wrong@", "nobody:pwresults@"])
async def test_nobody_gets_in_without_a_password_of_their_own(port: int, certificates: Certificates, who: str) -> None:
    context = Tls(certificates.authority).context()
    with pytest.raises((NatsError, ConnectionError)):
        async with asyncio.timeout(5):
            await nats.connect(f"tls://{who}127.0.0.1:{port}", tls=context, max_reconnect_attempts=1, error_cb=_silent)


async def test_a_server_that_an_unknown_authority_signed_is_not_believed(port: int) -> None:
    url = f"tls://results:pwresults@127.0.0.1:{port}"
    with pytest.raises((ssl.SSLError, NatsError)):
        await nats.connect(url, allow_reconnect=False, max_reconnect_attempts=1, error_cb=_silent)


@pytest.mark.parametrize("believing", [True, False])
async def test_the_operators_commands_believe_the_same_authority(
    port: int, certificates: Certificates, believing: bool
) -> None:
    url = f"tls://platform:pwplatform@127.0.0.1:{port}"
    environment = os.environ | {"REHEARSAL_NATS_URL": url}
    environment |= {"REHEARSAL_NATS_CA": str(certificates.authority)} if believing else {}
    command = [sys.executable, "-m", "services.cli", "nats", "provision"]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == (0 if believing else 3), done.stderr
    assert ("consumers are as this version has them" if believing else "certificate verify failed") in done.stderr


async def _silent(error: Exception) -> None:
    """What is wrong is raised."""
