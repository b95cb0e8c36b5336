"""Files for their owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from leat_async.sandbox.files import open_private


def test_a_file_is_made_anew_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old and long")
    path.chmod(0o644)
    with open_private(path) as file:
        file.write("é")
    assert path.read_text("utf-8") == "é"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    with pytest.raises(OSError, match="symbolic"):
        open_private(tmp_path / "link")
    assert (tmp_path / "kept").read_text() == "kept"
