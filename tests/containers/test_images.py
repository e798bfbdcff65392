"""The images of `make test-containers`, started by testcontainers: a service on a PostgreSQL, both in containers."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HealthcheckWaitStrategy

from libs.http import new_key_pair
from tests.support.postgres import IMAGE as POSTGRES

SERVICE = f"rehearsal/models:{os.environ.get('REHEARSAL_VERSION', 'latest')}"
SCRATCH = "/scratch"

pytestmark = [pytest.mark.containers, pytest.mark.timeout(180)]


def why_not() -> str:
    """What Docker says of the images; nothing when both are there."""
    if shutil.which("docker") is None:
        return "there is no Docker"
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", SERVICE, POSTGRES]
    return subprocess.run(command, capture_output=True, text=True).stderr.partition("\n")[0]


@pytest.fixture(scope="module")
def service() -> Iterator[DockerContainer]:
    """`models`, healthy, confined as compose confines it."""
    if reason := why_not():
        pytest.skip(f"`make test-containers` makes the images. {reason}")
    testcontainers_config.ryuk_disabled = True  # what is started here is stopped here, without an image for that
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        postgres = PostgresContainer(POSTGRES, driver=None).with_network(network).with_network_aliases("postgres")
        container = (
            DockerContainer(SERVICE)
            .with_network(network)
            .with_exposed_ports(8000)
            .with_env("REHEARSAL_MODELS_DATABASE_URL", "postgresql://test:test@postgres:5432/test")
            .with_env("REHEARSAL_IDENTITY_KEYS", new_key_pair()[1])
            .with_env("TMPDIR", SCRATCH)
            .with_tmpfs_mount(SCRATCH, "size=256m,mode=1777")
            .with_kwargs(read_only=True, cap_drop=["ALL"])
            .waiting_for(HealthcheckWaitStrategy().with_startup_timeout(60))
        )
        for each in (postgres, container):
            stack.callback(each.get_docker_client().client.close)
            stack.enter_context(each)
        yield container


def _address(service: DockerContainer) -> str:
    return f"http://{service.get_container_host_ip()}:{service.get_exposed_port(8000)}"


def test_a_service_in_its_image_can_work_on_postgres(service: DockerContainer) -> None:
    ready = httpx.get(f"{_address(service)}/readyz")
    assert ready.status_code == 200, ready.text
    assert httpx.get(f"{_address(service)}/v1/models").status_code == 401


def test_it_is_nobody_in_particular_and_writes_to_its_scratch_alone(service: DockerContainer) -> None:
    assert service.exec(["id", "-u"]).output == b"10001\n"
    assert service.exec(["touch", "/app/here"]).exit_code != 0
    assert service.exec(["touch", f"{SCRATCH}/here"]).exit_code == 0


def test_asked_to_stop_it_stops_with_status_0(service: DockerContainer) -> None:
    container = service.get_wrapped_container()
    container.stop(timeout=60)
    assert container.wait()["StatusCode"] == 0
