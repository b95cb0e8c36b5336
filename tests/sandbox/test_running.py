"""The sandbox as a process: until it is stopped, for the time of a command, in the background."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from ..forking import Forks, Piped, environment, piped
from .conftest import ROOT

COMMAND = [sys.executable, "-W", "error", "-m", "leat_async.sandbox"]
Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., AbstractContextManager[tuple[Piped, list[str]]]]


@pytest.fixture
def run(forks: Forks, tmp_path: Path) -> Run:
    """Run `python -m leat_async.sandbox …` to its end."""
    return lambda *arguments: forks.run(["-m", "leat_async.sandbox", *arguments], environment(), tmp_path)


@pytest.fixture
def start(forks: Forks, tmp_path: Path) -> Start:
    """Start it, and read its two lines."""

    @contextmanager
    def started(*arguments: str) -> Iterator[tuple[Piped, list[str]]]:
        with piped(forks, ["-m", "leat_async.sandbox", *arguments], environment(), tmp_path) as process:
            yield process, [process.stdout.readline().strip() for _ in range(2)]

    return started


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_the_command_prints_two_exports_and_stops_cleanly(start: Start, number: str) -> None:
    with start("--port", "0", "--seed", "demo", "--fault", "reject shops.list status=418") as (process, lines):
        names = [line.partition("=")[0] for line in lines]
        assert names == ["export LEAT_BASE_URL", "export LEAT_ACCESS_TOKEN"]
        url, token = (line.partition("=")[2] for line in lines)
        command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", f"Authorization: Bearer {token}"]
        for path, status in (("/shops", "418"), ("/contacts", "200")):
            done = subprocess.run([*command, url + ROOT + path], capture_output=True, text=True, check=True)
            assert done.stdout == status
        process.send_signal(getattr(signal, number))
        rest, errors = process.communicate()
        assert (process.wait(), rest) == (0, "")
    first, second = errors.splitlines()
    assert re.fullmatch(rf"GET {ROOT}/shops shops.list 418 \d+\.\d ms fault=reject", first)
    assert re.fullmatch(rf"GET {ROOT}/contacts contacts.list 200 \d+\.\d ms", second)


def test_quiet_prints_no_line_a_request(start: Start) -> None:
    with start("--port", "0", "--quiet") as (process, lines):
        subprocess.run(["curl", "-s", lines[0].partition("=")[2] + ROOT], capture_output=True, check=True)
        process.send_signal(signal.SIGTERM)
        assert (process.communicate(), process.wait()) == (("", ""), 0)


def test_a_line_shows_no_secret_and_no_control_character(start: Start) -> None:
    with start("--port", "0") as (process, lines):
        url, token = (line.partition("=")[2] for line in lines)
        for path in ("contact-session-tokens/very-s3cret", "a%1b[31m?access_token=very-s3cret"):
            command = ["curl", "-s", "-g", "-H", f"Authorization: Bearer {token}", f"{url}{ROOT}/{path}"]
            subprocess.run(command, capture_output=True, check=True)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert len(errors.splitlines()) == 2
    assert "very-s3cret" not in errors
    assert token not in errors
    assert errors.replace("\n", "").isprintable()


ASK = """
import os, sys
from urllib.request import urlopen
print(urlopen(os.environ["LEAT_BASE_URL"] + "/_sandbox/health").status)
"""


def test_a_command_runs_with_the_environment_set_and_its_code_is_ours(run: Run) -> None:
    code = f"{ASK}\nprint(os.environ['LEAT_ACCESS_TOKEN'][:12]); sys.exit(int(sys.argv[2]))"
    done = run("--seed", "7", "--exec", sys.executable, "-c", code, "--port", "3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "200\nleat-sandbox\n", "")
    assert run("--exec", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)").returncode == 137
    lost = run("--exec", "no-such-command")
    assert (lost.returncode, lost.stdout, lost.stderr) == (127, "", "no-such-command: No such file or directory\n")


def test_two_commands_do_not_want_the_same_port(run: Run) -> None:
    inner = [*COMMAND, "--exec", sys.executable, "-c", ASK]
    done = run("--exec", *inner)
    assert (done.returncode, done.stdout) == (0, "200\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_the_command_s_business(number: int) -> None:
    code = (
        "import signal, sys, time\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, lambda *_: sys.exit(5))\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    process = subprocess.Popen(
        [*COMMAND, "--exec", sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "ready\n"
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # a terminal tells the whole group
        else:
            process.send_signal(number)
        assert process.wait(20) == 5


def test_an_env_file_is_its_owner_s_alone(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "leat.env"
    file.write_text("OLD=1\n" * 100)
    file.chmod(0o644)
    done = run("--env-file", str(file), "--exec", sys.executable, "-c", "")
    assert done.returncode == 0
    names = [line.partition("=")[0] for line in file.read_text().splitlines()]
    assert names == ["LEAT_BASE_URL", "LEAT_ACCESS_TOKEN"]
    assert file.stat().st_mode & 0o777 == 0o600
    target = tmp_path / "elsewhere"
    target.write_text("kept")
    (tmp_path / "link.env").symlink_to(target)
    assert run("--env-file", str(tmp_path / "link.env"), "--exec", sys.executable, "-c", "").returncode == 2
    assert target.read_text() == "kept"


def test_in_the_background_until_it_is_stopped(run: Run) -> None:
    started = run("--port", "0", "--detach")
    assert started.returncode == 0
    url = started.stdout.splitlines()[0].partition("=")[2]
    port = url.rpartition(":")[2]
    with urllib.request.urlopen(f"{url}/_sandbox/health", timeout=10) as answer:
        assert b'"status":"ok"' in answer.read()
    stopped = run("stop", "--port", port)
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, "", "")
    again = run("stop", "--port", port)
    assert (again.returncode, again.stderr) == (4, f"no sandbox answers at {url}\n")
