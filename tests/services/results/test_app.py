"""What the service costs before it does anything."""

import subprocess
import sys

HEAVY = ("numpy", "scipy", "pandas", "statsmodels")


def test_the_service_starts_without_the_weight_of_its_statistics() -> None:
    code = f"import sys, services.results.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
