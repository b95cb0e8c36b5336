"""docs/operations.md says what the code declares."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from .table import OPERATIONS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_operations", DOCS / "generate_operations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_fresh(generator: ModuleType) -> None:
    assert generator.main(["--check"]) == 0, "run python docs/generate_operations.py"


def test_the_page_has_every_operation_once(generator: ModuleType) -> None:
    named = re.findall(r"^\| `(\w+\.\w+)` \|", generator.page(), re.MULTILINE)
    assert sorted(named) == sorted(OPERATIONS)


def test_a_page_that_was_edited_is_told(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generator, "PAGE", tmp_path / "operations.md")
    assert generator.main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    generator.PAGE.write_text(generator.PAGE.read_text() + "x")
    assert generator.main(["--check"]) == 1
    assert generator.main(["--what"]) == 2
