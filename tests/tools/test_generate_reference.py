"""The site's reference has what is public, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import build_docs, generate_reference

ROOT = Path(__file__).parents[2]
RECORD = (ROOT / "tests" / "snapshots" / "public_api.txt").read_text()
_NAME = re.compile(r"(?:typed dict )?[\w.]+(?:\['\w+'\])?")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return generate_reference.pages()


def recorded() -> set[str]:
    """The public names but modules, typed dicts' keys as attributes of theirs."""
    found = set()
    for line in RECORD.splitlines():
        name = _NAME.match(line)
        assert name is not None
        if not line.endswith(": module"):
            found.add(re.sub(r"typed dict (\w+)\['(\w+)'\]", r"\1.\2", name[0]))
    return found


def test_every_public_name_has_an_entry_and_no_other(pages: dict[str, str]) -> None:
    """docs/index.md: every public name is in the reference."""
    entries = re.compile(r"^ *\.\. py:\w+:: ([\w.]+)", re.MULTILINE)
    written = {name for text in pages.values() for name in entries.findall(text)}
    dicts = {name.partition(".")[0] for name in recorded() if not name.startswith("leat_async")}
    assert written - dicts == recorded()


def test_every_option_of_every_command_is_there(pages: dict[str, str]) -> None:
    page = pages["reference/command_line.rst"]
    for option in (
        "--dry-run",
        "--ledger",
        "--exec",
        "--detach",
        "--port",
        "--month",
        "--forward",
        "--language",
    ):
        assert option in page, option
    assert all(
        f"\n{name}\n" in page
        for name in ("leat import visits", "leat export", "leat sandbox replay", "leat webhooks listen", "leat report")
    )


def test_an_operation_has_one_text_for_both_clients(pages: dict[str, str]) -> None:
    page = pages["reference/operations/visits.rst"]
    assert ".. py:method:: leat_async.LeatClient.visits.create(*, contact_uuid: str | uuid.UUID, " in page
    assert ".. py:method:: leat_async.sync.LeatClient.visits.create(*, contact_uuid: str | uuid.UUID, " in page
    assert page.count("   Create a visit.\n") == 1
    assert "Unset" not in page


def test_the_site_is_made_of_the_docs_and_of_pages_above_them(tmp_path: Path) -> None:
    build_docs.source(tmp_path / "site")
    there = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.md")}
    assert there >= {"index.md", "client.md", "CHANGELOG.md", "CONTRIBUTING.md", "recipes/frameworks.md"}
    assert "](/examples/web_flask.py)" in (tmp_path / "site" / "client.md").read_text()
