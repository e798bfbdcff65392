"""HTTP the same way in every service: problems, transactions at the edge, pages, and clients that need no socket."""

from libs.http.app import create_http_app
from libs.http.arrival import arrives
from libs.http.client import connect, register_local
from libs.http.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, decode_cursor, encode_cursor, page
from libs.http.problems import FieldProblem, Problem, problem_of, problem_response
from libs.http.transactions import Read, Tenant, Write

__all__ = [
    "DEFAULT_LIMIT",
    "Cursor",
    "FieldProblem",
    "Limit",
    "Page",
    "Problem",
    "Read",
    "Tenant",
    "Write",
    "arrives",
    "connect",
    "create_http_app",
    "decode_cursor",
    "encode_cursor",
    "page",
    "problem_of",
    "problem_response",
    "register_local",
]
