"""The code in the README and in docs/ runs, as written, against the sandbox."""

from __future__ import annotations

import ast
import asyncio
import configparser
import inspect
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from benchmarks import picture
from leat_async import LeatClient, export, sync
from leat_async.cli.app import command as all_commands
from leat_async.cli.exits import Exit
from leat_async.sandbox import Sandbox

from .forking import Forks, environment, piped
from .sandbox.test_pytest_plugin import WITHOUT

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What `make` does is what runs these tests; `pip install` changes the environment.
_ELSEWHERE = ("make ", "pip ")
ON_UNIX = pytest.mark.skipif(os.name == "nt", reason="there is no fork, and no shell that reads these lines")


def blocks(path: Path, language: str) -> list[tuple[int, str]]:
    text = path.read_text()
    return [
        (text[: found.start()].count("\n") + 2, found[2]) for found in _BLOCK.finditer(text) if found[1] == language
    ]


def commands(path: Path) -> list[str]:
    """The command lines of console blocks: `$ …`, with lines that end in a backslash joined."""
    found = []
    for _, block in blocks(path, "console"):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            if line.startswith("$ "):
                found.append(line[2:].split("  #")[0].strip())
    return found


@pytest.fixture(scope="module")
def _demo() -> Iterator[Sandbox]:
    with Sandbox(seed="demo") as running:
        yield running


@pytest.fixture
def demo(_demo: Sandbox) -> Sandbox:
    """The demo account as it begins. To make it takes longer than most of what is done with it."""
    _demo.reset()
    return _demo


def test_there_is_something_to_run() -> None:
    assert sum(len(blocks(path, "python")) for path in DOCUMENTS) >= 8
    assert sum(len(commands(path)) for path in DOCUMENTS) >= 3


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_tables_are_whole(path: Path) -> None:
    """A table begins with its header; an empty line in it would make a paragraph of bars of the rest."""
    lines = ["", *re.sub(r"^(`{3,}).*?^\1$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL).splitlines(), ""]
    begins = [place for place in range(1, len(lines)) if lines[place].startswith("|") and lines[place - 1][:1] != "|"]
    for place in begins:
        assert not lines[place - 1].strip(), lines[place]
        assert re.fullmatch(r"\|(:?-+:?\|)+", lines[place + 1].replace(" ", "")), lines[place]


def test_the_first_block_of_the_site_is_a_whole_program() -> None:
    _, program = blocks(ROOT / "docs" / "index.md", "python")[0]
    compile(program, "first.py", "exec")  # without await at the top


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if blocks(path, "python")], ids=lambda path: path.name)
def test_python_blocks(demo: Sandbox, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Blocks of one document run one after the other in one namespace, with `await` allowed as in a notebook."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    with asyncio.Runner() as runner:
        contact = demo.create_contact(email="ada@example.com")
        monkeypatch.setenv("LEAT_BASE_URL", demo.url)
        monkeypatch.setenv("LEAT_ACCESS_TOKEN", demo.token)
        leat = LeatClient.from_env()
        # What a reader has at hand when a block does not make it.
        namespace: dict[str, Any] = {
            "__name__": "example",
            "pytest": pytest,
            "leat": leat,
            "shop_uuid": demo.shops[0]["uuid"],
            "contact_uuid": contact["uuid"],
            "secret": "a-webhook-secret",
            "SECRETS": ["a-webhook-secret"],
            "rows": [{"contact_uuid": contact["uuid"], "shop_uuid": demo.shops[0]["uuid"]}] * 3,
        }
        if "company.pem" in path.read_text():
            trustme.CA().cert_pem.write_to_path("company.pem")
        for name in ("credits.parquet", "credits.sqlite"):
            if name in path.read_text():
                runner.run(export.to_file(leat.loyalty_transactions, name))
        for line, block in blocks(path, "python"):
            source = "\n" * (line - 1) + block
            code = compile(source, str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if code.co_flags & inspect.CO_COROUTINE:
                runner.run(eval(code, namespace))
            else:
                exec(code, namespace)
        for made in namespace.values():
            if isinstance(made, sqlite3.Connection):  # as long as a reader's program runs, so is it open
                made.close()
        runner.run(leat.aclose())


@ON_UNIX
@pytest.mark.parametrize("path", [path for path in DOCUMENTS if commands(path)], ids=lambda path: path.name)
def test_console_blocks(demo: Sandbox, path: Path, tmp_path: Path, forks: Forks) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copy(ROOT / "examples" / "messy_restaurant.csv", tmp_path / "export.csv")
    (tmp_path / "attributes.json").write_text('{"attributes": {"city": "Delft"}}')
    shell = environment(demo) | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in commands(path):
        if command.startswith(_ELSEWHERE):
            continue
        command = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", demo.shops[0]["uuid"], command)
        command = command.replace("CONTACT", demo.contacts[0]["uuid"])
        endless = " sandbox" in command.replace("leat_async.sandbox", "leat sandbox") and " --exec " not in command
        if endless:
            # The usual port may be taken.
            command = re.sub(r" --port \d+", "", command) + " --port 0"
            check_endless(command, shell, tmp_path, forks)
            continue
        ran = typed(command, shell, tmp_path, forks)
        # 1 says that some rows were refused, which the examples' files are made to show.
        assert ran.returncode in (0, 1), f"$ {command}\n{ran.stdout}{ran.stderr}"
        assert "Traceback" not in ran.stdout + ran.stderr
        if command == "leat examples visits.csv":
            # A tenth of its rows: all of them would be imported for as long as the API's limit makes it last.
            rows = (tmp_path / "visits.csv").read_text().splitlines(keepends=True)
            (tmp_path / "visits.csv").write_text("".join(rows[: len(rows) // 10]))


def typed(command: str, environment: dict[str, str], folder: Path, forks: Forks) -> subprocess.CompletedProcess[str]:
    """Run a command line, its `leat` in forks."""
    if command.startswith("leat ") and not set(command) & set("$|<>&;"):
        return forks.run(["-m", "leat_async", *shlex.split(command)[1:]], environment, folder)
    return forks.shell(command, environment, folder)


def check_endless(command: str, environment: dict[str, str], folder: Path, forks: Forks) -> None:
    """A sandbox runs until it is told to end."""
    name, *words = shlex.split(command)
    program = ["-m", "leat_async", *words] if name == "leat" else words
    with piped(forks, program, environment, folder) as process:
        # Where it is: the first line that it says.
        said = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        said += "".join(process.communicate())
        code = process.wait()
    assert (code, "export LEAT_BASE_URL=" in said, "Traceback" in said) == (0, True, False), said


# How what does not run here is read, so that it is at least whole.
_READ = {
    "yaml": yaml.safe_load,
    "toml": tomllib.loads,
    "json": json.loads,
    "ini": lambda text: _unit(text),
    "sh": lambda text: subprocess.run(["sh", "-n"], input=text, text=True, check=True),
    "dockerfile": lambda text: _lines(text, r"(FROM|RUN|USER|ENV|VOLUME|WORKDIR|ENTRYPOINT|CMD|COPY|EXPOSE) \S.*"),
    "text": str,  # shown, and not typed
}
_TYPED = [(path, language, text) for path in DOCUMENTS for language in _READ for _, text in blocks(path, language)]


def _lines(text: str, form: str) -> None:
    for line in text.splitlines():
        assert re.fullmatch(form, line), line


def test_every_block_runs_or_is_read() -> None:
    known = {"python", "console", *_READ}
    for path in DOCUMENTS:
        fences = re.findall(r"^```(?!`)(.*)$", path.read_text(), re.MULTILINE)
        opening = [fence for fence in fences[::2] if not fence.startswith("{")]
        assert set(opening) <= known, path.name
        assert set(fences[1::2]) <= {""}, path.name


@pytest.mark.parametrize(("path", "language", "text"), _TYPED)
def test_what_does_not_run_here_is_whole(path: Path, language: str, text: str) -> None:
    _READ[language](text)


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, language, text in _TYPED if language != "text"])
def test_commands_that_do_not_run_here_exist_with_their_options(path: Path, text: str) -> None:
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        found = re.search(r"(?:^|[ /'])leat (?=[a-z])(.*)", line)
        # With `docker run … leat` the image's entry point comes before it.
        if found is None or "docker run" in line or line.startswith(("#", "echo")):
            continue
        words = [word.strip("\"';") for word in found[1].split()]
        command: Any = all_commands()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        if command.name == "sandbox":
            continue  # it has a parser of its own
        assert not getattr(command, "commands", {}), f"{path.name}: {line}"
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, f"{path.name}: {line}"


def test_the_tests_of_the_page_on_testing_pass(tmp_path: Path) -> None:
    ((_, text),) = blocks(ROOT / "docs" / "testing.md", "python")
    (tmp_path / "test_till.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", *WITHOUT, "-p", "no:cacheprovider", "test_till.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "3 passed" in ran.stdout


@ON_UNIX
def test_the_nightly_script_makes_each_booking_once(demo: Sandbox, tmp_path: Path, forks: Forks) -> None:
    page = ROOT / "docs" / "every_night.md"
    (_, script), *_ = blocks(page, "sh")
    (tmp_path / "nightly.sh").write_text(script)
    shutil.copy(ROOT / "examples" / "messy_restaurant.csv", tmp_path / "export.csv")
    keep = commands(page)[0]
    shell = environment(demo) | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    keep = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", demo.shops[0]["uuid"], keep)
    before = len(demo.rows("bookings"))
    for command in (keep, "sh nightly.sh", "sh nightly.sh"):
        ended = typed(command, shell, tmp_path, forks)
        assert ended.returncode == 1, ended.stderr  # the file has rows that are wrong
    assert "export.csv.rejects.csv" in ended.stdout
    assert len(demo.rows("bookings")) - before == 240


@ON_UNIX
def test_a_programme_that_is_moved_in_twice_is_there_once(demo: Sandbox, tmp_path: Path, forks: Forks) -> None:
    moved = [
        line
        for line in commands(ROOT / "docs" / "moving.md")
        if line.startswith(("printf", "leat import c", "leat import b"))
    ]
    assert len(moved) == 4
    shell = environment(demo) | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in moved * 2:
        ended = typed(command, shell, tmp_path, forks)
        assert ended.returncode == 0, ended.stderr
    with sync.LeatClient(demo.token, base_url=demo.url) as leat:
        saved = {
            name: leat.contacts.get_credit_balance(leat.contacts.find_one_by(email=f"{name}@example.com").uuid).balance
            for name in ("ada", "grace")
        }
        assert saved == {"ada": 120, "grace": 45}
        assert leat.contact_identifiers.find(contact_identifier_value="CARD-1").contact is not None


def test_what_starts_it_every_night_is_well_formed() -> None:
    page = ROOT / "docs" / "every_night.md"
    service, timer = (_unit(text) for _, text in blocks(page, "ini"))
    assert service["Service"]["ExecStart"] == "/srv/leat/nightly.sh"
    assert service["Service"]["Environment"] == f"LEAT_STATE_DIR=/var/lib/{service['Service']['StateDirectory']}"
    # Every code of the command but that of what may be tried again, and an interruption.
    listed = {int(code) for code in service["Service"]["RestartPreventExitStatus"].split()}
    assert listed == {*Exit} - {Exit.DONE, Exit.TRY_AGAIN, Exit.INTERRUPTED}
    (_, script), *_ = blocks(page, "sh")
    goes_on = {
        code for code, told in re.findall(r"^    (\S+)\) echo (.*) ;;", script, re.MULTILINE) if "goes on" in told
    }
    assert goes_on == {str(int(Exit.TRY_AGAIN)), str(int(Exit.INTERRUPTED))}
    assert timer["Timer"]["OnCalendar"]
    ((_, workflow),) = blocks(page, "yaml")
    steps = yaml.safe_load(workflow)["jobs"]["import"]["steps"]
    assert steps[-1]["run"] == service["Service"]["ExecStart"]


def _unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_picture_of_figures_is_of_them_and_reads_on_a_phone() -> None:
    """`python -m benchmarks.picture` draws it."""
    drawn = picture.PICTURE.read_bytes()
    assert f"Description\0{picture.digest()}".encode() in drawn
    # Beside each other its two parts have words of three pixels there.
    width, height = struct.unpack(">II", drawn[16:24])
    assert width <= 720 < height
