"""What starting the platform costs before it does anything: no service imports what only some requests need."""

import subprocess
import sys

import pytest

from tests.architecture.test_rules import SERVICES

HEAVY = ("scipy", "pandas", "statsmodels", "pyarrow", "reportlab", "xlsxwriter", "docx")
COUNTS = {"population", "validation"}  # these draw and compare people, and need numpy to say what they are
PROGRAM = """
import gc, importlib, os, sys
gc.disable()
import libs.runtime  # what they have in common, once
for service in sys.argv[1:]:
    if os.fork() == 0:
        importlib.import_module(f"services.{service}.app")
        print(service, *sys.modules, flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """The modules that are loaded once a service is, by its name."""
    answer = subprocess.run([sys.executable, "-c", PROGRAM, *SERVICES], capture_output=True, text=True, check=True)
    lines = [line.split() for line in answer.stdout.splitlines()]
    return {service: set(modules) for service, *modules in lines}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_without_the_weight_of_what_few_requests_need(
    service: str, loaded: dict[str, set[str]]
) -> None:
    heavy = HEAVY if service in COUNTS else ("numpy", *HEAVY)
    assert f"services.{service}.app" in loaded[service]
    assert loaded[service].isdisjoint(heavy)
