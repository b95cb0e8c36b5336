"""What the README and the examples show holds up to both type checkers at their strictest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.types
ROOT = Path(__file__).parents[2]
# Django and Celery bring no types, and calling what has none is what the checkers mind there.
UNTYPED = {"web_django.py", "worker_celery.py"}
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.name not in UNTYPED)


def blocks_of(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


def as_module(block: str, number: int) -> str:
    """A block as a module; where it awaits at the top level, as in a notebook, in a coroutine of its own."""
    if not re.search(r"^(async (with|for)|await |.* = await )", block, re.MULTILINE):
        return block
    return f"async def block_{number}() -> None:\n{textwrap.indent(block, '    ')}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("documents")
    for number, block in enumerate(blocks_of(ROOT / "README.md")):
        (made / f"readme_{number}.py").write_text(as_module(block, number))
    for path in EXAMPLES:
        (made / path.name).write_text(path.read_text())
    environment = Path(sys.prefix)
    settings = {
        "typeCheckingMode": "strict",
        # A name at the top of a block is for the reader, who goes on with it.
        "reportUnusedVariable": False,
        "venvPath": str(environment.parent),
        "venv": environment.name,
        "extraPaths": [str(ROOT)],
    }
    (made / "pyrightconfig.json").write_text(json.dumps(settings))
    return made


def test_there_is_something_to_check() -> None:
    assert len(blocks_of(ROOT / "README.md")) >= 5
    assert {"web_fastapi.py", "web_aiohttp.py", "web_flask.py", "script.py"} <= {path.name for path in EXAMPLES}


@pytest.mark.parametrize(
    "checker", [["mypy", "--strict", "--python-executable", sys.executable, "."], ["pyright"]], ids=["mypy", "pyright"]
)
def test_readme_and_examples_hold_up(checker: list[str], folder: Path) -> None:
    ran = subprocess.run([sys.executable, "-m", *checker], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
