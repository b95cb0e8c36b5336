"""docs/sandbox_operations.md says what the table of routes says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from ..resources.table import OPERATIONS, RENAMED

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def generator() -> ModuleType:
    name = "generate_sandbox_operations"
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_fresh(generator: ModuleType) -> None:
    assert generator.main(["--check"]) == 0, "run python docs/generate_sandbox_operations.py"


def test_the_page_has_every_operation_of_the_client_once(generator: ModuleType) -> None:
    named = re.findall(r"^\| `(\w+\.\w+)` \|", generator.page(), re.MULTILINE)
    assert sorted(RENAMED.get(name, name) for name in named) == sorted(OPERATIONS)


def test_a_page_that_was_edited_is_told(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generator, "PAGE", tmp_path / "page.md")
    assert generator.main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    assert generator.main(["--what"]) == 2
