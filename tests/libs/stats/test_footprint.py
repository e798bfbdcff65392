"""What importing the library costs every process that does."""

import subprocess
import sys


def test_importing_the_library_loads_neither_scipy_stats_nor_pandas_nor_statsmodels() -> None:
    program = "import sys, libs.stats; print(*sorted({'scipy.stats', 'pandas', 'statsmodels'} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
