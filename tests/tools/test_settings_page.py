"""Every setting is documented, and what the documents name is a setting."""

import re
from pathlib import Path

from tools.manifests import EVERY
from tools.settings_page import PAGE, documents

ROOT = Path(__file__).parents[2]
PROSE = sorted({*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"} - {PAGE})
OTHERS = re.compile(r"REHEARSAL_(SECRETS_DIR|URL|KEY|TEST_POSTGRES_URL|NATS_PASSWORD(_[A-Z]+)?|EMBEDDED_STREAM_SPREAD)")
"""Of the command line, nats-server, the embedded platform and the tests."""
NAME = re.compile(r"REHEARSAL_[A-Z0-9_]*[A-Z0-9]")


def settings() -> dict[str, str]:
    """Every setting on the page, with what is said about it."""
    rows = re.findall(r"^\| `(REHEARSAL_\w+)` \| .* \| (.*) \|$", documents()[PAGE], re.MULTILINE)
    return dict(rows)


def test_every_setting_says_what_it_is() -> None:
    found = settings()
    assert len(found) > 90
    assert [name for name, description in found.items() if not description.strip()] == []


def test_the_documents_name_no_setting_that_is_not_there() -> None:
    known = set(settings())
    for_all = [name.removeprefix("REHEARSAL_") for name in known]
    known |= {f"REHEARSAL_{service.upper()}_{name}" for service in EVERY for name in for_all}
    known |= {name.replace(f"REHEARSAL_{service.upper()}_", "REHEARSAL_", 1) for name in known for service in EVERY}
    wrong = {
        (path.name, name)
        for path in PROSE
        for name in NAME.findall(path.read_text(encoding="utf-8"))
        if name not in known and not OTHERS.fullmatch(name) and not any(one.startswith(f"{name}_") for one in known)
    }
    assert wrong == set()
