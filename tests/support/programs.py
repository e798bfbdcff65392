"""Programs that a test may need and that not every machine has."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def program(name: str) -> str:
    """Its path: what `make test` fetched, or the first on PATH. Skips the test, and says so, where there is none."""
    fetched = ROOT / ".tools" / "prometheus" / name
    found = str(fetched) if fetched.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; `make test` fetches it where it may")
    return found
