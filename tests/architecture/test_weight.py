"""What starting the platform costs before it does anything: no service imports what only some requests need."""

import subprocess
import sys

import pytest

from tests.architecture.test_rules import SERVICES

HEAVY = ("scipy", "pandas", "statsmodels", "pyarrow", "reportlab", "xlsxwriter", "docx")
COUNTS = {"population", "validation"}  # these draw and compare people, and need numpy to say what they are


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_without_the_weight_of_what_few_requests_need(service: str) -> None:
    heavy = HEAVY if service in COUNTS else ("numpy", *HEAVY)
    code = f"import sys, services.{service}.app; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
