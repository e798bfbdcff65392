"""A file that is written before it is sent, on disk and gone as soon as it is closed."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

PORTION = 256 * 1024


class Spool:
    """A temporary file without a name."""

    def __init__(self) -> None:
        with ExitStack() as opened:
            self.file: IO[bytes] = opened.enter_context(tempfile.TemporaryFile(prefix="rehearsal-export-"))
            self._closing = opened.pop_all()

    def portions(self) -> Iterator[bytes]:
        """What was written, from its beginning."""
        self.file.seek(0)
        while portion := self.file.read(PORTION):
            yield portion

    def close(self) -> None:
        """Have it gone."""
        self._closing.close()
