"""House rules that no other tool checks: sizes, names, who may do what, and the same anatomy in every service.

Every test collects all violations and shows them with file and line. Import contracts stand in pyproject.toml.
"""

import ast
import gc
import io
import os
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import MetaData

from libs.bus.tables import metadata as bus_tables
from libs.contracts.registry import MESSAGES

ROOT = Path(__file__).parents[2]
FOLDERS = ("libs", "services", "tests", "bench", "chaos")
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
LONGEST_HANDLER = 5

CORE = {"__init__", "app", "settings", "api", "service", "domain"}
STORED = {"store", "tables", "migrations"}
RUN = {"__main__"}
ANATOMY = {
    "orchestrator": CORE | STORED | RUN | {"handlers", "events"},
    "population": CORE | STORED | RUN | {"handlers", "events", "adapters"},
    "intervention": CORE | STORED | RUN | {"handlers", "events"},
    "communication": CORE | STORED | RUN | {"handlers", "events", "adapters"},
    "results": CORE | STORED | RUN | {"handlers", "events"},
    "validation": CORE | STORED | RUN | {"handlers", "events", "adapters"},
    "webhooks": CORE | STORED | RUN | {"handlers", "adapters"},
    "models": CORE | STORED | RUN | {"adapters"},
    "gateway": CORE | STORED | RUN | {"adapters"},
}
SERVICES = tuple(ANATOMY)
NOT_SERVICES = {"embedded", "cli"}
"""Folders of services/ that own nothing: one starts the services, the other is their client."""

VAGUE_NAMES = re.compile(r"(.*_)?(utils?|helpers?|common|misc|shared|base)(_.*)?")
ALLOWED_NAMES = {"libs.contracts.base"}
DANGEROUS_IMPORTS = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
DANGEROUS_CALLS = {"eval", "exec", "compile", "__import__"}
DOMAIN_MAY_IMPORT = {"pydantic", "numpy", *sys.stdlib_module_names}
DOMAIN_MAY_USE = ("libs.contracts", "libs.stats", "libs.minds", "libs.pages", "libs.studies")
BANNED_WORDS = re.compile(r"\b(ground[ -]truth|cohorts?|KPIs?)\b", re.IGNORECASE)
UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\s*\(?#\d+)")
WORDS_SUFFIXES = {".py", ".md", ".html", ".js", ".css", ".yaml", ".json", ".toml", ".ts", ".tsx"}
MADE_BY_TOOLS = {"node_modules", "dist", "schema.d.ts", "__pycache__"}


class Module(NamedTuple):
    """A parsed source file."""

    path: Path
    name: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]
    """Every node of the tree."""

    def at(self, line: int) -> str:
        """Where a violation stands."""
        return f"{self.path.relative_to(ROOT)}:{line}"

    def is_in(self, *prefixes: str) -> bool:
        """True for one of these modules, or a module below one of them."""
        return any(self.name == prefix or self.name.startswith(f"{prefix}.") for prefix in prefixes)


@cache
def parsed(folder: str) -> tuple[Module, ...]:
    found = []
    for path in files(ROOT / folder):
        if path.suffix == ".py":
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            tree = ast.parse(text := path.read_text())
            found.append(Module(path, name, text, tree, tuple(ast.walk(tree))))
    gc.freeze()  # it is looked at by all tests here, and never garbage
    return tuple(found)


def files(folder: Path) -> Iterator[Path]:
    """What somebody wrote, sorted. What tools made is not even looked through."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - MADE_BY_TOOLS)
        yield from (Path(place, name) for name in sorted(set(names) - MADE_BY_TOOLS))


def modules(*folders: str) -> tuple[Module, ...]:
    return tuple(module for folder in folders for module in parsed(folder))


def assert_none(violations: list[str]) -> None:
    assert not violations, "\n" + "\n".join(violations)


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports, wherever it does so."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.at(node.lineno)}: imports are absolute"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def calls(module: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call; of a call on an expression only the last part, as `.name`."""
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func)


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def found_in(
    sources: tuple[Module, ...], found: Callable[[Module], Iterator[tuple[int, str]]], is_wrong: Callable[[str], bool]
) -> list[str]:
    return [f"{module.at(line)}: {name}" for module in sources for line, name in found(module) if is_wrong(name)]


def outside(sources: tuple[Module, ...], *prefixes: str) -> tuple[Module, ...]:
    return tuple(module for module in sources if not module.is_in(*prefixes))


def is_below(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


# --- sizes and names -------------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {module.at(1): len(module.text.splitlines()) for module in modules(*FOLDERS)}
    assert_none([f"{place} has {length} lines" for place, length in lengths.items() if length > LONGEST_FILE])


def test_no_function_is_longer_than_a_page() -> None:
    """Migrations are lists of columns, written once and never changed."""
    long = [
        f"{module.at(node.lineno)}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for module in modules(*FOLDERS)
        for node in module.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
        and ".migrations." not in module.name
    ]
    assert_none(long)


def test_every_module_says_what_it_owns() -> None:
    assert_none([module.at(1) for module in modules(*FOLDERS) if not ast.get_docstring(module.tree)])


def test_no_module_has_a_name_that_anything_fits_into() -> None:
    vague = {module.name for module in modules(*FOLDERS) if VAGUE_NAMES.fullmatch(module.path.stem)}
    assert_none(sorted(vague - ALLOWED_NAMES))


def test_every_concept_has_one_word() -> None:
    """The glossary says baseline, segment and metric; see docs/architecture.md."""
    sources = [path for folder in ("docs", "schemas", *FOLDERS) for path in files(ROOT / folder)]
    ours = {*ROOT.glob("*.md"), *sources} - {Path(__file__)}
    texts = sorted(path for path in ours if path.suffix in WORDS_SUFFIXES)
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in texts
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        for match in BANNED_WORDS.finditer(line)
    ]
    assert_none(wrong)


def test_what_is_left_to_do_has_an_issue_number() -> None:
    unnumbered = [
        f"{module.at(token.start[0])}: {token.string}"
        for module in modules(*FOLDERS)
        if UNDONE.search(module.text)
        for token in tokenize.generate_tokens(io.StringIO(module.text).readline)
        if token.type == tokenize.COMMENT and UNDONE.search(token.string)
    ]
    assert_none(unnumbered)


# --- who may do what -------------------------------------------------------------------------------------------------


def test_only_the_command_line_prints() -> None:
    sources = outside(modules("libs", "services", "tests"), "services.cli")
    assert_none(found_in(sources, calls, lambda name: name == "print"))


def test_the_environment_is_read_by_settings_only() -> None:
    sources = outside(modules("libs", "services"), "libs.runtime", "libs.telemetry.traces")
    sources = tuple(module for module in sources if module.path.stem != "settings")
    used = [
        f"{module.at(node.lineno)}: {dotted(node)}"
        for module in sources
        for node in module.nodes
        if isinstance(node, ast.Attribute) and dotted(node) in {"os.environ", "os.getenv"}
    ]
    imported = found_in(sources, imports, lambda name: name in {"os.environ", "os.getenv"})
    assert_none(used + imported)


def test_only_the_database_commits() -> None:
    sources = outside(modules("libs", "services", "bench", "chaos"), "libs.db")
    assert_none(found_in(sources, calls, lambda name: name.endswith(".commit")))


def test_nothing_that_came_from_outside_can_become_code() -> None:
    sources = modules(*FOLDERS)
    imported = found_in(sources, imports, lambda name: name.split(".")[0] in DANGEROUS_IMPORTS)
    called = found_in(sources, calls, lambda name: name in DANGEROUS_CALLS)
    assert_none(imported + called)


def test_sql_is_written_in_stores_only() -> None:
    storing = [f"services.{service}.{part}" for service in SERVICES for part in STORED]
    sources = outside(modules("libs", "services"), "libs.db", "libs.bus", *storing)
    assert_none(found_in(sources, imports, lambda name: is_below(name, "sqlalchemy", "alembic")))


@pytest.mark.parametrize("service", SERVICES)
def test_a_domain_is_pure(service: str) -> None:
    own = f"services.{service}.domain"
    sources = tuple(module for module in modules("services") if module.is_in(own))
    assert sources

    def is_impure(name: str) -> bool:
        return not is_below(name, own, *DOMAIN_MAY_USE) and name.split(".")[0] not in DOMAIN_MAY_IMPORT

    assert_none(found_in(sources, imports, is_impure))


# --- the same anatomy everywhere -------------------------------------------------------------------------------------


def test_every_folder_of_services_is_known() -> None:
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    assert folders == set(SERVICES) | NOT_SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_exactly_its_anatomy(service: str) -> None:
    folder = ROOT / "services" / service
    files = {path.stem for path in folder.glob("*.py")}
    packages = {path.name for path in folder.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert files | packages == ANATOMY[service]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_started_in_the_same_way(service: str) -> None:
    entry = (ROOT / "services" / service / "__main__.py").read_text()
    assert entry.splitlines()[-1].strip() == "serve(create_app, Settings)"
    assert list(signature(import_module(f"services.{service}.app").create_app).parameters) == ["settings"]


@pytest.mark.parametrize("service", [name for name in SERVICES if "handlers" in ANATOMY[name]])
def test_a_handler_is_named_after_its_message_and_only_passes_it_on(service: str) -> None:
    module = next(module for module in modules("services") if module.is_in(f"services.{service}.handlers"))
    functions = [node for node in module.tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)]
    messages = {f"on_{message.contract.name.replace('-', '_')}" for message in MESSAGES}
    assert {function.name for function in functions} <= messages | {"on_event", "on_dead_letter"}  # of several
    assert_none([module.at(function.lineno) for function in functions if len(function.body) > LONGEST_HANDLER])


@pytest.mark.parametrize("service", [name for name in SERVICES if "tables" in ANATOMY[name]])
def test_every_row_belongs_to_a_tenant(service: str) -> None:
    metadata: MetaData = import_module(f"services.{service}.tables").metadata
    own = [table for table in metadata.sorted_tables if table.name not in bus_tables.tables]
    assert own
    assert_none([table.name for table in own if "tenant" not in table.columns])


@pytest.mark.parametrize("service", [name for name in SERVICES if "migrations" in ANATOMY[name]])
def test_the_migrations_of_a_service_are_one_chain(service: str) -> None:
    files = sorted((ROOT / "services" / service / "migrations").glob("*.py"))
    chain = []
    for path in files:
        values = {
            str(dotted(node.targets[0])): node.value.value
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        }
        chain.append((values["down_revision"], values["revision"]))
    names = [path.stem for path in files]
    assert chain == list(zip([None, *names], names, strict=False))
