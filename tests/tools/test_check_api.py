"""What breaks users' code is told; what only this package uses may change."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import griffe
import pytest

from tools import check_api

from .test_generate import ROOT


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package at its first tag. What is loaded of it stays, since each time takes a second.

    At a tag there is no version, which a build writes.
    """
    folder = tmp_path_factory.mktemp("tagged")
    unwanted = shutil.ignore_patterns("__pycache__", "_built_version.py")
    shutil.copytree(ROOT / "leat_async", folder / "leat_async", ignore=unwanted)
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b.example commit -q -m a", "tag v0.1.0"):
        subprocess.run(["git", *command.split()], check=True, cwd=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(griffe, "load_git", functools.cache(griffe.load_git))
        patch.chdir(folder)
        yield folder


def test_only_what_users_can_meet_counts(tagged: Path) -> None:
    old = griffe.load_git("leat_async", ref="v0.1.0", resolve_aliases=True)
    new = griffe.load("leat_async", search_paths=[ROOT], resolve_aliases=True, try_relative_path=False)
    assert isinstance(old, griffe.Module)
    assert isinstance(new, griffe.Module)
    del new["errors"].members["OutcomeUnknownError"].members["reconcile"]
    del new["resources.visits.Visits"].members["get"]
    del new["_core.pipeline.Pipeline"].members["run"]
    del new["bulk.kinds"].members["Kind"]
    found = {one.obj.path for one in check_api.breakages(old, new)}
    assert found == {"leat_async.errors.OutcomeUnknownError.reconcile", "leat_async.resources.visits.Visits.get"}


def test_with_a_tag_nothing_is_told_until_something_breaks(tagged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_api.main() == 0
    client = tagged / "leat_async" / "client.py"
    client.write_text(client.read_text("utf-8").replace("async def aclose", "async def end"), "utf-8")
    assert check_api.main() == 1
    assert "leat_async.client.LeatClient.aclose: Public object was removed" in capsys.readouterr().out
