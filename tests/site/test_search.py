"""The site's own search, asked in a real browser, finds every public name, setting, option and exit code."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from playwright.sync_api import Browser

from leat_async import LeatClient
from leat_async.cli.app import app
from leat_async.cli.exits import Exit
from tools import generate_reference

pytestmark = pytest.mark.site
ROOT = Path(__file__).parents[2]
RECORD = (ROOT / "tests" / "snapshots" / "public_api.txt").read_text().splitlines()
OPTION = "reference/command_line#cmdoption-"
# What the search page does with what was typed, for many words at once: where each is found.
SEARCH = """words => words.map(word => {
  const parsed = Search._parseQuery(word);
  return Search._performSearch(...parsed).map(([page, title, anchor]) => `${page}${anchor}`);
})"""


@pytest.fixture(scope="module")
def search(browser: Browser, address: str) -> Iterator[Any]:
    page = browser.new_page()
    page.goto(f"{address}/search.html?q=visits")
    page.wait_for_function("Search.hasIndex()")
    yield lambda words: dict(zip(words, page.evaluate(SEARCH, words), strict=True))
    page.close()


def public_names() -> list[str]:
    """As the record has them; the synchronous side is shown beside the asynchronous one, under its name."""
    named = re.compile(r"(leat_async[\w.]*)(?=\(|: (?!module$)| = )")
    names = {found[1] for line in RECORD if (found := named.match(line))}
    return sorted(name for name in names if not name.startswith("leat_async.sync."))


def options(command: Any, context: Any) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        for name in parameter.opts:
            if name.startswith("--"):
                yield context.command_path, name
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden and name != "sandbox":
            yield from options(child, child.context_class(child, info_name=name, parent=context))


def test_every_public_name(search: Any) -> None:
    names = public_names()
    assert len(names) > 900
    found = search(names)
    missing = [name for name, places in found.items() if not any(place.endswith(f"#{name}") for place in places)]
    assert missing == []


def test_every_setting(search: Any) -> None:
    settings = list(inspect.signature(LeatClient).parameters)
    found = search(settings)
    assert [name for name, places in found.items() if not _on(places, "client")] == []
    # The page names many of them in other places as well, so that it is found by them without their rows.
    table = (ROOT / "docs" / "client.md").read_text().split("| Setting |")[1].split("\n\n")[0]
    rows = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert rows == set(settings)


def test_every_command_and_option(search: Any) -> None:
    root = typer.main.get_command(app)
    listed = list(options(root, root.context_class(root, info_name="leat")))
    commands_of = Counter(name for _, name in listed)
    assert len(commands_of) > 60
    found = search(list(commands_of))
    # Each with a place of its own for each command: the page's text has most of these words anyway.
    places_of = {name: sum(place.startswith(OPTION) for place in places) for name, places in found.items()}
    assert {name for name, count in commands_of.items() if places_of[name] < count} == set()
    # And nothing before it.
    assert [name for name in commands_of if not found[name][-1].startswith(OPTION)] == []
    commands = search(sorted({command for command, _ in listed} - {"leat"}))
    page = "reference/command_line#"
    assert [name for name, places in commands.items() if page + name.replace(" ", "-") not in places] == []
    # The sandbox's own are in its help, word by word.
    helps = generate_reference.pages()["reference/command_line.rst"].partition("leat sandbox\n")[2]
    of_the_sandbox = sorted(set(re.findall(r"--[a-z][a-z-]+", helps)))
    assert len(of_the_sandbox) > 12
    found = search(of_the_sandbox)
    assert [name for name, places in found.items() if not _on(places, "reference/command_line")] == []


def test_every_exit_code(search: Any) -> None:
    found = search(["exit codes", *(f"{code:d}" for code in Exit)])
    assert [words for words, places in found.items() if not _on(places, "cli")] == []
    table = (ROOT / "docs" / "cli.md").read_text().split("## Exit codes")[1]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == set(Exit)


def test_every_error(search: Any) -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    listed = re.findall(r"^\| `(\w+)`", page, re.MULTILINE)
    assert len(listed) > 15
    # By their numbers, too: what the API answers has these and not our names.
    numbers = re.findall(r"^\| (\d+) \|", page, re.MULTILINE) + re.findall(r"HTTP (\d+)", page)
    assert len(numbers) > 50
    found = search(listed + numbers)
    assert [name for name, places in found.items() if not _on(places, "errors")] == []


def _on(places: list[str], page: str) -> bool:
    return any(place.partition("#")[0] == page for place in places)
