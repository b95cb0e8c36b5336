"""Standard streams that are closed, full, left, or a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient
from leat_async.written import spelled_out

from ..forking import Forks, environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="closed and full streams as POSIX has them")
Run = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = [
    "--help",
    "--version",
    "nonsense",
    "export visits -o x.csv",
    "export visits --format jsonl -o -",
    "import contacts c.csv",
    "api GET /shops",
]
# Streams that are closed, and how a shell closes them.
CLOSED = {
    "stdout": ">&-",
    "stdin": "<&-",
    "stderr": "2>&-",
    "stdin stdout stderr": "<&- >&- 2>&-",
}


@pytest.fixture
def account() -> object:
    with Sandbox(seed=7, rate_limit=(1_000_000, 60.0)) as sandbox:
        contact = sandbox.create_contact("ada@example.com")
        with LeatClient(sandbox.token, base_url=sandbox.url) as leat:
            leat.visits.create(contact_uuid=contact["uuid"], shop_uuid=sandbox.shops[0]["uuid"])
        yield sandbox


def shell(command: str, cwd: Path, sandbox: Sandbox) -> subprocess.CompletedProcess[str]:
    """In an interpreter that finds its streams so when it starts."""
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} -m leat_async {command}"],
        cwd=cwd, env=environment(sandbox), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture
def leat(forks: Forks, account: Sandbox, tmp_path: Path) -> Iterator[Run]:
    """Run `leat …` with other streams than /dev/null and two files: None is closed."""
    with ExitStack() as opened:

        def run(command: str, **other: int | None) -> subprocess.CompletedProcess[str]:
            out, err = (opened.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(2))
            nothing = os.open(os.devnull, os.O_RDONLY)
            opened.callback(os.close, nothing)
            streams = {"stdin": nothing, "stdout": out, "stderr": err, **other}
            program = ["-m", "leat_async", *command.split()]
            code = forks.start(program, environment(account), tmp_path, [*streams.values()]).wait()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())

        yield run


def check_closed(command: str, closed: set[str], ran: subprocess.CompletedProcess[str], folder: Path) -> None:
    no_place = "stdout" in closed and (command.endswith("-o -") or command.startswith("api"))
    assert ran.returncode == (2 if no_place or command == "nonsense" else 0), ran.stderr
    if no_place and "stderr" not in closed:
        assert "stdout is closed" in ran.stderr
    assert "Traceback" not in ran.stderr
    if "x.csv" in command:
        assert (folder / "x.csv").read_text().startswith("uuid,")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("closed", CLOSED)
def test_a_closed_stream_ends_nothing(leat: Run, tmp_path: Path, command: str, closed: str) -> None:
    (tmp_path / "c.csv").write_text("email\nnew@example.com\n")
    before = (tmp_path / "c.csv").read_bytes()
    streams = set(closed.split())
    check_closed(command, streams, leat(command, **dict.fromkeys(streams)), tmp_path)
    assert (tmp_path / "c.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("closed", "command"),
    [*((closed, "--version") for closed in CLOSED), ("stdin stdout stderr", "export visits -o x.csv")],
)
def test_a_stream_that_is_closed_when_the_interpreter_starts(
    account: Sandbox, tmp_path: Path, closed: str, command: str
) -> None:
    """What a command makes of it, the test above tells; here, what the interpreter does."""
    check_closed(command, set(closed.split()), shell(f"{command} {CLOSED[closed]}", tmp_path, account), tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_stream_is_told_of(leat: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "c.csv").write_text("email\nnew@example.com\n")
    with open("/dev/full", "wb") as full:
        ran = leat(command, stdout=full.fileno())
        expected = {"nonsense": 2, "export visits -o x.csv": 0}.get(command, 4)
        assert ran.returncode == expected, ran.stderr
        if expected == 4:
            assert ran.stderr.splitlines()[-1].startswith("leat: ")
            assert "No space left on device" in ran.stderr
        assert "Traceback" not in ran.stderr
        assert "Exception ignored" not in ran.stderr
        ran = leat(command, stderr=full.fileno())
        assert ran.returncode == (2 if command == "nonsense" else 0)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_left_is_no_error(leat: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "c.csv").write_text("email\nnew@example.com\n")
    # The pipe's reader is gone before anything is written.
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = leat(command, stdout=writer)
    finally:
        os.close(writer)
    assert ran.returncode == (2 if command == "nonsense" else 0)
    assert not [
        line for line in ran.stderr.splitlines() if "Broken" in line or "Traceback" in line or "Exception" in line
    ]


def test_stdin_that_is_closed_is_told_of(leat: Run) -> None:
    for command in ("import contacts - --dry-run", "api POST /contacts --json -"):
        ran = leat(command, stdin=None)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert "stdin is closed" in ran.stderr


# What can be done to a terminal: colours, title, clipboard, cursor, bells, and lines that read the other way.
EVIL = "\x1b[31mred\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b2J\x08\x7f\u202etxt.exe"


def test_control_characters_are_spelled_out() -> None:
    assert spelled_out("a\tb\nc é 🍕") == "a\tb\nc é 🍕"
    assert spelled_out(EVIL) == ("\\x1b[31mred\\x1b]0;title\\x07\\x1b]52;c;aGk=\\x07\\x9b2J\\x08\\x7f\\u202etxt.exe")


def clean(text: str) -> bool:
    return spelled_out(text) == text


def test_names_and_error_texts_reach_no_terminal_raw(forks: Forks, account: Sandbox, tmp_path: Path) -> None:
    name = f"{EVIL.replace('/', '')}.csv"
    (tmp_path / name).write_text(f"email,{EVIL}\n{EVIL},x\nnew@example.com,{EVIL}\n")
    for arguments in (["import", "contacts", name], ["import", "contacts", name, "--dry-run"],
                      ["export", "visits", "-o", f"no/{name}"], ["export", "visits", "-o", "x.csv", "-f", EVIL],
                      ["api", "GET", f"/{EVIL}"], [EVIL]):  # fmt: skip
        ran = forks.run(["-m", "leat_async", *arguments], environment(account), tmp_path)
        assert clean(ran.stderr), arguments
        assert clean(ran.stdout), arguments
        assert ran.stderr


def on_a_terminal(forks: Forks, arguments: list[str], cwd: Path, sandbox: Sandbox) -> str:
    import pty

    found: list[bytes] = []
    handle, its = pty.openpty()
    running = forks.start(["-m", "leat_async", *arguments], environment(sandbox), cwd, [its, its, its])
    os.close(its)
    try:
        while True:
            found.append(os.read(handle, 65536))
    except OSError:
        pass  # as a terminal says that the other side is gone
    running.wait()
    os.close(handle)
    return b"".join(found).decode()


def test_data_on_a_terminal_is_harmless_and_in_a_file_what_it_is(
    forks: Forks, leat: Run, account: Sandbox, tmp_path: Path
) -> None:
    account.create_contact("evil@example.com", attributes={"firstname": EVIL})
    for arguments in (["api", "GET", "/contacts"], ["export", "contacts", "--format", "csv", "-o", "-"]):
        text = on_a_terminal(forks, arguments, tmp_path, account)
        assert "evil@example.com" in text
        assert "title" in text
        # A terminal ends its lines with a carriage return, and rich's own line about the progress is erased.
        text = text.replace("\r", "")
        for piece in ("\x1b[31m", "\x1b]", "\x07", "\x9b", "\x7f", "\u202e"):
            assert piece not in text, (arguments, piece)
    ran = leat("api GET /contacts")
    assert EVIL in {contact["current_values"].get("firstname") for contact in json.loads(ran.stdout)}
