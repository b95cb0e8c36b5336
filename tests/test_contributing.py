"""The operation that CONTRIBUTING.md adds, added as it says: four files by hand, the rest by `make generate`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from .resources.table import TABLE

ROOT = Path(__file__).parent.parent
CALL = """
import runpy
runpy.run_module("tools.api_snapshot", run_name="__main__")
print()
from tests.resources.table import BY_ID, OPERATIONS
assert "moods.list" in BY_ID and "moods.list" in OPERATIONS, "no table of the tests has it"
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient
with Sandbox() as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
    print([(type(mood).__name__, mood.name) for mood in leat.moods.list()])
"""
_FILE = re.compile(r"^\*\*\d\. [^`]*?`([\w/.]+)`.*?^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_types_of_parameters_are_told() -> None:
    told = re.findall(
        r"`([\w ]+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("`type`:")[2].split(".")[0]
    )
    assert {param["type"] for fact in TABLE for param in fact.params} <= set(told)


def test_an_operation_is_added_as_told(tmp_path: Path) -> None:
    written = _FILE.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert len(written) == 4
    unwanted = shutil.ignore_patterns("__pycache__")
    for folder in ("leat_async", "tools", "docs", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in written:
        assert not (tmp_path / name).exists()
        (tmp_path / name).write_text(text, "utf-8")

    def python(*arguments: str) -> str:
        ran = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    python("-m", "tools.generate")
    assert "| `moods.list`" in (tmp_path / "docs/operations.md").read_text("utf-8")
    interface, _, called = python("-c", CALL).partition("\n\n")
    assert "leat_async.LeatClient.moods.list() -> Pager[Mood]" in interface
    assert called == "[('Mood', 'happy')]\n"
    # The tables of the tests take it up by themselves; these are some of them.
    python(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sandbox/test_whole_table.py::test_every_operation"),
        "tests/resources/test_all_operations.py::test_every_operation_has_a_method_with_its_documentation",
        "tests/resources/test_all_operations.py::test_everything_that_can_be_given_arrives",
        "tests/resources/test_all_answers.py::test_examples_decode_into_attributes",
    )
