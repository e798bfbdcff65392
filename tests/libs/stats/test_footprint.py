"""What importing the library costs every process that does, and that all of it is described."""

import inspect
import subprocess
import sys
from pathlib import Path

import libs.stats


def test_importing_the_library_loads_neither_scipy_stats_nor_pandas_nor_statsmodels() -> None:
    program = "import sys, libs.stats; print(*sorted({'scipy.stats', 'pandas', 'statsmodels'} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_every_public_function_is_described() -> None:
    described = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
    functions = [name for name in libs.stats.__all__ if inspect.isfunction(getattr(libs.stats, name))]
    assert functions
    assert not [name for name in functions if f"`{name}`" not in described]
    assert not [name for name in functions if not getattr(libs.stats, name).__doc__]
