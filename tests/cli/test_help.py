"""The command's help is kept ready in a file, which says what typer would."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.generate_cli_help import written


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_loads_nothing(option: str) -> None:
    code = (
        "import sys; from leat_async.cli import main; assert main() == 0;"
        "print([m for m in ('typer', 'rich', 'attrs', 'aiohttp') if m in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True)
    assert ran.stdout == written()
    assert ran.stderr.strip() == "[]"
