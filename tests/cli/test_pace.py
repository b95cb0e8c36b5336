"""`leat pace`, and the pace that commands share."""

from __future__ import annotations

import json
from pathlib import Path

from leat_async.sandbox import Sandbox

from ..servers import Valkey
from .conftest import Leat


def test_commands_share_the_pace_of_this_machine(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    nobody = leat("pace", **state)
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert "nobody" in nobody.stderr
    assert leat("api", "GET", "/visits", on=sandbox, **state).returncode == 0
    (file,) = (tmp_path / "state" / "leat").glob("pace-*.sqlite")
    assert file.stat().st_mode & 0o077 == 0
    assert sandbox.token.encode() not in file.read_bytes()
    shown = leat("pace", on=sandbox, **state)
    assert shown.returncode == 0
    assert "(yours)" in shown.stdout
    assert "never" in shown.stdout
    told = json.loads(leat("pace", "--json", **state).stdout)
    assert told["members"] == 0, "it has left"
    assert 4830 < told["rate"] <= 4875
    assert told["refused"] is None


def test_or_that_of_a_server(leat: Leat, sandbox: Sandbox, valkey: Valkey, tmp_path: Path) -> None:
    where = {"LEAT_SHARED_PACE": valkey.url, "XDG_STATE_HOME": str(tmp_path / "state")}
    done = leat("export", "shops", "-o", "-", "--format", "csv", on=sandbox, **where)
    assert done.returncode == 0, done.stderr
    told = json.loads(leat("pace", "--json", **where).stdout)
    assert 4830 < told["rate"] <= 4875
    assert not (tmp_path / "state").exists()


def test_a_store_that_is_not_there_is_told_and_calls_go_on(leat: Leat, sandbox: Sandbox) -> None:
    where = {"LEAT_SHARED_PACE": "redis://user:s3cret@127.0.0.1:1/0"}
    told = leat("pace", **where)
    assert told.returncode == 4
    assert told.stderr.startswith("leat: the pace can't be kept at redis://127.0.0.1:1/0")
    assert "s3cret" not in told.stderr
    assert leat("api", "GET", "/visits", on=sandbox, **where).returncode == 0


def test_a_setting_that_means_nothing_is_refused_without_being_shown(leat: Leat, sandbox: Sandbox) -> None:
    for command in (("pace",), ("api", "GET", "/visits")):
        told = leat(*command, on=sandbox, LEAT_SHARED_PACE="mysql://user:s3cret@host/db")
        assert told.returncode == 2
        assert "LEAT_SHARED_PACE: shared must be 'machine'" in told.stderr
        assert "s3cret" not in told.stderr
