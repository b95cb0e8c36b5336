"""The page for those who come from the PHP SDK: each of its methods has a row, and what stands beside it exists."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

from leat_async.sync import LeatClient

from .rows import each

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "from_php.md").read_text()
README = (ROOT / "README.md").read_text()
RESOURCES = {name for name in LeatClient.__annotations__ if not name.startswith("_")}
PHP = json.loads((ROOT / "tests" / "facts" / "_php_sdk.json").read_text())
_ACCOUNT, _TILL = PAGE.split("## Method by method")[1].split("## At the till")
ROWS = re.findall(r"^\| `\$client->(\w+)->(\w+)\(.*?\)` \| `(leat\..*?)` \|", _ACCOUNT + _TILL, re.MULTILINE)


def named(text: str) -> list[tuple[str, str]]:
    return re.findall(r"\$client->(\w+)->(\w+)\(", text)


def known(client: str) -> list[tuple[str, str]]:
    return [(resource, method) for resource, methods in PHP[client].items() for method in methods]


def test_every_method_has_a_row() -> None:
    assert named(_ACCOUNT) == known("oauth")
    assert named(_TILL) == known("register")
    for resource, methods in PHP["gone"].items():
        (row,) = re.findall(rf"^\| `\$client->{resource}->(.*?) \| .*\S \|$", _TILL, re.MULTILINE)
        assert re.findall(r"\w+", row.replace("->", "")) == methods


def test_what_the_sdk_is_a_source_of_has_a_row() -> None:
    """Facts that we have from the SDK itself: it can call these."""
    of_the_sdk = [
        f"{resource}.{name}"
        for resource in sorted(RESOURCES)
        for name, method in vars(type(getattr(LeatClient("token"), resource))).items()
        if "observed in a client, the official PHP SDK" in " ".join((inspect.getdoc(method) or "").split())
    ]
    assert len(of_the_sdk) > 2
    assert [name for name in of_the_sdk if f"`leat.{name}(" not in _ACCOUNT] == []


def test_what_it_is_said_to_lack_it_lacks() -> None:
    (page,) = re.findall(r"^\| (.*) \| no resources \|", PAGE, re.MULTILINE)
    (readme,) = re.findall(r"^\| operations of version 3 \|.*\| most; no (.*?) \|", README, re.MULTILINE)
    assert readme == page
    lacking = set(page.split(", "))
    assert lacking <= RESOURCES
    assert lacking.isdisjoint(re.findall(r"`leat\.(\w+)\.", _ACCOUNT))


@each("call", sorted({row[2] for row in ROWS}))
def test_what_stands_beside_it_takes_what_it_is_given(call: str) -> None:
    """`…` for a value is a value; `…` for an argument stands for those that are not named."""
    whole = ", …" not in call and "(…)" not in call
    tree = ast.parse(call.replace("=…", "=0").replace(", …", "").replace("(…)", "()"), mode="eval").body
    assert isinstance(tree, ast.Call)
    if isinstance(tree.func, ast.Attribute) and isinstance(tree.func.value, ast.Call):
        tree = tree.func.value  # the pages of a list
    _, resource, method = ast.unparse(tree.func).split(".")
    signature = inspect.signature(getattr(getattr(LeatClient("token"), resource), method))
    given = {str(keyword.arg): 0 for keyword in tree.keywords}
    (signature.bind if whole else signature.bind_partial)(*tree.args, **given)


def test_rows_are_read() -> None:
    assert len(ROWS) == len(known("oauth")) + len(known("register")) > 90
