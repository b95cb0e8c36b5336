"""What a reference is made of: every public name says what it is, and every setting is shown."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, sync
from tools.api_snapshot import MODULES

ROOT = Path(__file__).parent.parent
RECORD = (ROOT / "tests" / "snapshots" / "public_api.txt").read_text().splitlines()
# Lines of classes, functions, methods and properties; the rest are values, fields and keys.
_NAME = re.compile(r"(leat_async[\w.]*)(\(|: class|: module|: .* \(property\)$)")
# The longest first, since a module's name begins with its package's.
PUBLIC = sorted((f"leat_async.{name}" if name else "leat_async" for name in MODULES), key=len, reverse=True)
_PAGE = (ROOT / "docs" / "client.md").read_text()


def documented() -> Iterator[tuple[str, Any]]:
    """Every public name that has a docstring of its own, and what it stands for."""
    clients: dict[str, Any] = {
        "leat_async.LeatClient.": LeatClient("token"),
        "leat_async.sync.LeatClient.": sync.LeatClient("token"),
    }
    for line in RECORD:
        found = _NAME.match(line)
        if found is None or line.startswith("typed dict"):
            continue
        path = found[1]
        held = next((prefix for prefix in clients if path.startswith(prefix)), None)
        yield path, at(clients[held], path.removeprefix(held).split(".")) if held else imported(path)


def imported(path: str) -> Any:
    module = next(name for name in PUBLIC if path == name or path.startswith(f"{name}."))
    loaded = import_module(module)
    return loaded if path == module else at(loaded, path.removeprefix(module)[1:].split("."))


def at(holder: Any, parts: list[str]) -> Any:
    for part in parts:
        holder = inspect.getattr_static(holder, part) if inspect.isclass(holder) else getattr(holder, part)
    if isinstance(holder, property):
        return holder.fget
    return holder.__func__ if isinstance(holder, (classmethod, staticmethod)) else holder


def parameters_of(thing: Any) -> list[str]:
    """What a caller gives."""
    # How a class is made is told by its docstring; those that only this package makes have no line in the record.
    if inspect.isroutine(thing):
        return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls") and name[0] != "_"]
    return []


def test_every_public_name_says_what_it_is_and_what_it_takes() -> None:
    names = list(documented())
    assert len(names) > 900
    wrong = []
    for path, thing in names:
        doc = thing.__doc__ or ""
        if len(doc.split()) < 2:
            wrong.append(f"{path} has no docstring")
        words = set(re.findall(r"\w+", doc))
        wrong += [f"{path} does not tell of {name}" for name in parameters_of(thing) if name not in words]
    assert not wrong, "\n".join(wrong)


def examples(client: str) -> set[str]:
    """The keywords that a client of one kind is given in the page's blocks."""
    shown: set[str] = set()
    for block in re.findall(r"^```python\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (client, f"{client}.from_env"):
                shown |= {keyword.arg for keyword in node.keywords if keyword.arg}
                shown |= {"token"} if node.args else set()
    return shown


@pytest.mark.parametrize(("name", "client"), [("LeatClient", LeatClient), ("sync.LeatClient", sync.LeatClient)])
def test_every_setting_is_in_the_table_and_has_an_example(name: str, client: type) -> None:
    settings = set(inspect.signature(client).parameters)
    assert settings == examples(name)
    rows = re.findall(r"^\| (`.*?) \|", _PAGE.split("## Settings")[1], re.MULTILINE)
    listed = {word for row in rows for word in re.findall(r"`(\w+)`", row)}
    # A session belongs to an event loop, so the synchronous client takes none.
    assert listed == settings | {"session"}


def test_every_option_of_a_view_has_an_example() -> None:
    options = set(inspect.signature(LeatClient.with_options).parameters) - {"self"}
    shown = set(re.findall(r"(\w+)=", "".join(re.findall(r"with_options\((.*)\)\.", _PAGE))))
    assert options - {name for name in options if name.startswith("on_")} <= shown
