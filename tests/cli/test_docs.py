"""The page about the command line tells of every option."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.main

from leat_async.cli.app import app
from leat_async.cli.exits import Exit
from leat_async.tables.targets import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [*(kind.replace("_", "-") for kind in KINDS), "all", "balances"])
def test_every_option_of_an_import_is_on_the_page(kind: str) -> None:
    group = typer.main.get_group(app).commands["import"]
    options = {name for param in group.commands[kind].params for name in param.opts if name.startswith("--")}  # type: ignore[attr-defined]
    assert not {name for name in options if f"{name}" not in PAGE}


def test_every_exit_code_is_on_the_page() -> None:
    assert not {code for code in Exit if f"\n| {code.value} |" not in PAGE}


def test_every_command_is_on_the_page() -> None:
    assert not {name for name in typer.main.get_group(app).commands if f"\n| `leat {name}" not in PAGE}
