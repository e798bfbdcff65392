"""A disk that is soon full: a tmpfs of some megabytes, mounted where a server keeps its files."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILLER = "filler"


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount it for as long as the context lasts; false where that is not permitted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "rehearsal-chaos", str(folder)]
    try:
        is_mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        is_mounted = False
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True)


def fill(folder: Path) -> int:
    """Leave no byte; how many there were."""
    written = 0
    with (folder / FILLER).open("wb", buffering=0) as file:
        try:
            while True:
                written += file.write(b"\0" * 4_096)
        except OSError:
            return written


def free(folder: Path) -> None:
    """Give the room back."""
    (folder / FILLER).unlink()
