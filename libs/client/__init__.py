"""The Python SDK: a typed asynchronous client of the public HTTP API. The `rehearsal` command uses nothing else."""

from libs.client.client import RehearsalClient
from libs.client.errors import ClientError, FieldProblem, ProblemError, UnreachableError
from libs.client.progress import Progress
from libs.client.sse import ServerEvent

__all__ = [
    "ClientError",
    "FieldProblem",
    "ProblemError",
    "Progress",
    "RehearsalClient",
    "ServerEvent",
    "UnreachableError",
]
