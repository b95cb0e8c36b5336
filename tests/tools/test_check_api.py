"""What breaks users' code is told; what only this package uses may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import griffe

from tools import check_api

from .test_generate import ROOT


def loaded() -> griffe.Module:
    module = griffe.load("leat_async", search_paths=[ROOT], resolve_aliases=True)
    assert isinstance(module, griffe.Module)
    return module


def test_only_what_users_can_meet_counts() -> None:
    new = loaded()
    del new["errors"].members["OutcomeUnknownError"].members["reconcile"]
    del new["resources.visits.Visits"].members["get"]
    del new["_core.pipeline.Pipeline"].members["run"]
    del new["bulk.kinds"].members["Kind"]
    found = {one.obj.path for one in check_api.breakages(loaded(), new)}
    assert found == {"leat_async.errors.OutcomeUnknownError.reconcile", "leat_async.resources.visits.Visits.get"}


def test_at_a_tag_there_is_no_version_which_a_build_writes(tmp_path: Path) -> None:
    unwanted = shutil.ignore_patterns("__pycache__", "_built_version.py")
    shutil.copytree(ROOT / "leat_async", tmp_path / "leat_async", ignore=unwanted)
    old = griffe.load("leat_async", search_paths=[tmp_path], resolve_aliases=True)
    assert isinstance(old, griffe.Module)
    assert "leat_async.client.LeatClient" in check_api.public(old)
