"""Which process holds a reservation, and whether that process is still alive."""

import os
import socket
from uuid import uuid4


def this_process() -> str:
    """The name of this incarnation: host, process id, and a random part, since process ids are used again."""
    return f"{socket.gethostname()[:120]}:{os.getpid()}:{uuid4().hex}"


def is_dead(owner: str, me: str) -> bool:
    """True when that process certainly ended. About another host nothing can be said: its reservations run out.

    A process with my id that is not me died before I began, since I have its id now.
    """
    host, pid, _ = _parts(owner)
    my_host, my_pid, _ = _parts(me)
    if owner == me or host != my_host:
        return False
    return pid == my_pid or not _is_running(pid)


def _parts(owner: str) -> tuple[str, int, str]:
    host, pid, nonce = owner.rsplit(":", 2)
    return host, int(pid), nonce


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
