"""The command line, started in both ways."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from leat_async.sandbox import Sandbox
from leat_async.sandbox.cli import PORT, _parser

from ..forking import Forks, by_itself, environment

Start = Callable[[list[str]], subprocess.CompletedProcess[str]]
WAYS = [["-m", "leat_async.sandbox"], ["-m", "leat_async", "sandbox"]]


@pytest.fixture
def start(forks: Forks | None, tmp_path: Path) -> Start:
    """Run a program in an empty folder."""
    run = forks.run if forks else by_itself
    return lambda program: run(program, environment(), tmp_path)


@pytest.mark.parametrize("way", WAYS, ids=["module", "leat"])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--host", "0.0.0.0"), "0.0.0.0"),
        (("--fault", "nonsense"), "nonsense"),
        (("--seed", "x"), "--seed: a number or demo, not 'x'"),
        (("--state", "/nowhere/s.db"), "/nowhere/s.db"),
        (("--state", "text.db"), "--state text.db: file is not a database"),
        (("--rate-limit", "0"), "rate_limit"),
        (("--rate-limit", "many"), "--rate-limit"),
        (("--port", "99999999"), "--port: a number from 0 to 65535, not '99999999'"),
        (("--port", "-1"), "--port"),
        (("--colour",), "--colour"),
        (("--det",), "--det"),
        (("--exec",), "--exec needs a command"),
        (("--detach", "--exec", "true"), "--detach"),
        (("--detach", "--port", "0", "--state", "text.db"), "--state text.db: file is not a database"),
        (("--env-file", "."), "Is a directory"),
        (("stop", "--port", "x"), "--port"),
    ],
)
def test_wrong_arguments_are_explained_in_one_line(
    start: Start, tmp_path: Path, way: list[str], arguments: tuple[str, ...], named: str
) -> None:
    (tmp_path / "text.db").write_text("not a database, and longer than the header of one " * 20)
    done = start([*way, *arguments])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "error:" in done.stderr
    assert named in done.stderr


def test_what_is_in_use_is_told_in_one_sentence(start: Start, tmp_path: Path) -> None:
    with Sandbox(state=tmp_path / "s.db") as running:
        port = running.url.rpartition(":")[2]
        for arguments, said in (
            (("--port", port), f"port {port} is in use; if a sandbox uses it, `leat sandbox stop --port {port}` ends"),
            (("--port", "0", "--state", "s.db"), "another sandbox uses this file; end that one, or name another file"),
        ):
            done = start([*WAYS[1], *arguments])
            assert (done.returncode, done.stderr.count("\n")) == (2, 1)
            assert said in done.stderr


def test_both_ways_have_the_same_options(start: Start) -> None:
    said = [start([*way, "--help"]) for way in WAYS]
    assert [done.returncode for done in said] == [0, 0]
    module, leat = (done.stdout.partition("options:")[2] for done in said)
    assert module == leat != ""


def test_the_container_examples_start_a_sandbox() -> None:
    folder = Path(__file__).parents[2] / "examples" / "sandbox"
    lines = dict(line.split(" ", 1) for line in (folder / "Dockerfile").read_text().splitlines() if line[:1].isalpha())
    service = yaml.safe_load((folder / "compose.yaml").read_text())["services"]["leat"]
    assert json.loads(lines["CMD"]) == service["command"]
    assert json.loads(lines["ENTRYPOINT"])[:3] == ["python", "-m", "leat_async.sandbox"]
    given = _parser("x").parse_args([*json.loads(lines["ENTRYPOINT"])[3:], *service["command"]])
    assert (given.host, given.allow_remote, given.allow_host) == ("0.0.0.0", True, ["leat"])
    assert service["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert lines["EXPOSE"] == str(PORT)
