"""The command's help is kept ready in a file, which says what typer would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import leat_async.cli
from leat_async.cli.app import app


def test_the_ready_help_is_what_typer_writes() -> None:
    """To renew it: `python -m tests.cli.test_help`."""
    assert ready().read_text() == written()


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_loads_nothing(option: str) -> None:
    code = (
        "import sys; from leat_async.cli import main; assert main() == 0;"
        "print([m for m in ('typer', 'rich', 'attrs', 'aiohttp') if m in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True)
    assert ran.stdout == written()
    assert ran.stderr.strip() == "[]"


def ready() -> Path:
    return Path(leat_async.cli.__file__).with_name("help.txt")


def written() -> str:
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["--help"], prog_name="leat").output


if __name__ == "__main__":
    ready().write_text(written())
