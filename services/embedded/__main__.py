"""Process entry: `python -m services.embedded [DATA [PORT]]`; people use `rehearsal up`."""

import gc
import sys
from pathlib import Path


def main(data: str = "runs/.platform", port: str = "8000") -> None:
    """Run until SIGINT or SIGTERM."""
    gc.disable()  # nothing that start-up makes is garbage; the server collects once it is up
    from services.embedded.platform import run

    run(Path(data), port=int(port))


main(*sys.argv[1:])
