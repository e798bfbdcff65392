"""Process entry: `python -m services.embedded [DATA [PORT]]`; people use `rehearsal up`."""

import sys
from pathlib import Path

from services.embedded.platform import run

run(
    Path(sys.argv[1] if len(sys.argv) > 1 else "runs/.platform"),
    port=int(sys.argv[2]) if len(sys.argv) > 2 else 8000,
)
