"""One command writes and checks all generated files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import generate

ROOT = Path(generate.__file__).parents[1]


def sources_in(folder: str) -> list[Path]:
    return sorted((ROOT / "leat_async" / folder).glob("*.py"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the generators read, and one file that is left over."""
    sources = [ROOT / name for name in ("pyproject.toml", "leat_async/client.py", "tests/facts/_errors.json")]
    sources += [file for folder in ("models", "resources", "sandbox/resources") for file in sources_in(folder)]
    for source in sources:
        copied = tmp_path / source.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(source.read_text())
    for folder in ("leat_async/cli", "docs", "leat_async/sync/resources"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "leat_async/sync/resources/gone.py").write_text("")
    return tmp_path


def test_everything_in_the_tree_is_fresh() -> None:
    assert generate.main(["--check"]) == 0, f"run {generate.COMMAND}"


def test_stale_edited_missing_and_left_over_files_are_told_apart_from_fresh_ones(tmp_path: Path) -> None:
    resources = tmp_path / "leat_async/sync/resources"
    resources.mkdir(parents=True)
    fresh = {"leat_async/sync/resources/things.py": "text\n", "leat_async/sync/client.py": "more\n"}
    (resources / "things.py").write_text("text\n# a hand was here\n")
    (resources / "gone.py").write_text("")
    assert generate.differences(fresh, tmp_path) == [
        "leat_async/sync/resources/gone.py: not a generated file any more",
        "leat_async/sync/resources/things.py: stale, or edited by hand",
        "leat_async/sync/client.py: missing",
    ]


def test_the_command_fails_on_edits_and_repairs_them(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main([], copy) == 0
    assert not (copy / "leat_async/sync/resources/gone.py").exists()
    assert generate.main(["--check"], copy) == 0
    edited = [copy / name for name in ("leat_async/sync/client.py", "leat_async/cli/help.txt", "docs/operations.md")]
    written = [file.read_text() for file in edited]
    for file, text in zip(edited, written, strict=True):
        file.write_text(text + "x")
    assert generate.main(["--check"], copy) == 1
    told = capsys.readouterr().err
    for file, text in zip(edited, written, strict=True):
        assert f"{file.relative_to(copy).as_posix()}: stale, or edited by hand" in told
        assert file.read_text() == text + "x"
    assert generate.main([], copy) == 0
    assert [file.read_text() for file in edited] == written


def test_what_changes_in_the_asynchronous_classes_makes_the_facade_stale(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main([], copy) == 0
    client = copy / "leat_async/client.py"
    client.write_text(client.read_text().replace("timeout: float = 30.0", "timeout: float = 20.0"))
    assert generate.main(["--check"], copy) == 1
    assert "leat_async/sync/client.py: stale" in capsys.readouterr().err
    client.write_text(
        client.read_text().replace("async def request", "async def request2(self): ...\n    async def request")
    )
    assert generate.main(["--check"], copy) == 1
    assert "no return annotation" in capsys.readouterr().err


def test_other_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--what"]) == 2
    assert "usage: python -m tools.generate" in capsys.readouterr().err
