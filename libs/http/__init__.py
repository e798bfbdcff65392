"""HTTP the same way in every service: problems, transactions at the edge, pages, and clients that need no socket."""

from libs.http.app import create_http_app
from libs.http.arrival import arrives
from libs.http.client import connect, register_local
from libs.http.identity import Badge, Identified, Signer, new_key_pair, verifier_of
from libs.http.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, decode_cursor, encode_cursor, page
from libs.http.problems import FieldProblem, Problem, problem_of, problem_response
from libs.http.study_files import STUDY_BODY, StudyBody, study_schemas
from libs.http.transactions import Caller, Read, Tenant, Write

__all__ = [
    "DEFAULT_LIMIT",
    "STUDY_BODY",
    "Badge",
    "Caller",
    "Cursor",
    "FieldProblem",
    "Identified",
    "Limit",
    "Page",
    "Problem",
    "Read",
    "Signer",
    "StudyBody",
    "Tenant",
    "Write",
    "arrives",
    "connect",
    "create_http_app",
    "decode_cursor",
    "encode_cursor",
    "new_key_pair",
    "page",
    "problem_of",
    "problem_response",
    "register_local",
    "study_schemas",
    "verifier_of",
]
