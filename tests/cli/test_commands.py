"""Everything but imports: help, the sandbox, single requests."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from leat_async import __version__
from leat_async.cli.exits import Exit, worst
from leat_async.sandbox import Sandbox

from ..forking import Forks, by_itself, environment, piped
from .conftest import Leat


def test_help_imports_neither_the_http_client_nor_the_models() -> None:
    code = (
        "import io, sys\nfrom contextlib import redirect_stdout\nfrom leat_async.cli import main\n"
        "for line in ('--help', 'import --help', 'import visits --help', '--version'):\n"
        "    sys.argv = ['leat', *line.split()]\n"
        "    with redirect_stdout(io.StringIO()) as said:\n"
        "        assert main() == 0, line\n"
        "    assert said.getvalue().strip(), line\n"
        "    heavy = {'aiohttp', 'cattrs', 'msgspec', 'leat_async.client'} & set(sys.modules)\n"
        "    assert not heavy, (line, heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_the_command_names_it(missing: str) -> None:
    code = f"import sys\nsys.modules['{missing}'] = None\nfrom leat_async.cli import main\nsys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'leat-async[cli]'" in done.stderr


def test_version(leat: Leat) -> None:
    assert leat("--version").stdout == f"{__version__}\n"


def test_unknown_commands_and_options_are_usage(leat: Leat) -> None:
    for arguments in (["nonsense"], ["api", "GET"], ["import", "visits", "x.csv", "--nonsense"]):
        done = leat(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr


def test_completion_is_offered(tmp_path: Path) -> None:
    # The environment says what is offered when the commands are built.
    shell = environment() | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = by_itself(["-m", "leat_async", "--show-completion", "bash"], shell, tmp_path)
    assert done.returncode == 0
    assert "complete" in done.stdout


def test_precedence_of_exit_codes() -> None:
    assert worst([]) is Exit.DONE
    order = [130, 3, 4, 6, 5, 1, 0]
    for place, code in enumerate(order):
        assert worst(Exit(later) for later in order[place:]) == code


# -- leat api ------------------------------------------------------------------------------------


def test_api_prints_data_and_nothing_else(leat: Leat, sandbox: Sandbox) -> None:
    done = leat("api", "get", "/shops", on=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == sandbox.shops


def test_api_pages_give_one_row_a_line(leat: Leat, sandbox: Sandbox) -> None:
    done = leat("api", "GET", "/contacts", "--paginate", "-f", "limit=2", on=sandbox)
    assert [json.loads(line)["uuid"] for line in done.stdout.splitlines()] == [c["uuid"] for c in sandbox.contacts]
    assert len(sandbox.journal.entries()) == 2
    from_second = leat("api", "GET", "/contacts", "--paginate", "-f", "limit=2", "-f", "page=2", on=sandbox)
    assert from_second.stdout == done.stdout.splitlines(keepends=True)[2]


def test_api_sends_fields_and_files(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    assert leat("api", "POST", "/contacts", "-f", "email=one@example.com", on=sandbox).returncode == 0
    assert (
        leat("api", "POST", "/contacts", "--json", "-", stdin='{"email": "two@example.com"}', on=sandbox).returncode
        == 0
    )
    (tmp_path / "three.json").write_text('{"email": "three@example.com"}')
    assert leat("api", "POST", "/contacts", "--json", "three.json", on=sandbox).returncode == 0
    (tmp_path / "deep.json").write_text("[" * 9999)
    refused = leat("api", "POST", "/contacts", "--json", "deep.json", on=sandbox)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    emails = [contact["email"] for contact in sandbox.contacts][-3:]
    assert emails == ["one@example.com", "two@example.com", "three@example.com"]
    found = leat("api", "GET", "/contacts/find-one-by", "-f", "email=two@example.com", on=sandbox)
    assert json.loads(found.stdout)["email"] == "two@example.com"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["GET", "/contacts/find-one-by", "-f", "email=none@example.com"], 1, "55031"),
        (["POST", "/contacts", "-f", "email=nonsense"], 1, "email"),
        (["FETCH", "/shops"], 2, "METHOD is one of"),
        (["GET", "/shops", "-f", "nonsense"], 2, "KEY=VALUE"),
        (["GET", "/shops", "--json", "-"], 2, "GET has no body"),
        (["POST", "/contacts", "--json", "none.json"], 2, "--json none.json: No such file or directory"),
        (["POST", "/contacts", "--paginate"], 2, "--paginate"),
        (["GET", "/units/none", "--paginate"], 1, "404"),
        (["GET", "/loyalty-program", "--paginate"], 2, "no list"),
        (["GET", "/contacts", "--paginate", "-f", "page=x"], 2, "page"),
    ],
)
def test_api_refusals(leat: Leat, sandbox: Sandbox, arguments: list[str], code: int, said: str) -> None:
    done = leat("api", *arguments, on=sandbox)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_api_exit_codes_of_trouble(leat: Leat, sandbox: Sandbox) -> None:
    assert leat("api", "GET", "/shops").returncode == 3
    assert leat("api", "GET", "/shops", on=sandbox, LEAT_ACCESS_TOKEN="wrong").returncode == 3
    assert leat("api", "GET", "/shops", on=sandbox, LEAT_BASE_URL="http://127.0.0.1:1").returncode == 4
    assert leat("api", "GET", "/shops", on=sandbox, LEAT_BASE_URL="http://example.com").returncode == 2
    sandbox.faults.add_text("apply_then_drop contacts.create nth=1")
    done = leat("api", "POST", "/contacts", "-f", "email=new@example.com", on=sandbox)
    assert done.returncode == 5
    assert sandbox.token not in done.stderr


def test_api_ends_quietly_when_nobody_reads(forks: Forks, sandbox: Sandbox, tmp_path: Path) -> None:
    for number in range(300):
        sandbox.create_contact(f"c{number}@example.com")
    command = ["-m", "leat_async", "api", "GET", "/contacts", "--paginate"]
    with piped(forks, command, environment(sandbox), tmp_path) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""


# -- leat sandbox --------------------------------------------------------------------------------


def test_sandbox_prints_what_points_a_client_at_it(forks: Forks, leat: Leat, tmp_path: Path) -> None:
    command = ["-m", "leat_async", "sandbox", "--port", "0", "--seed", "3", "--state", "state.db"]
    with piped(forks, command, environment(), tmp_path) as process:
        lines = [process.stdout.readline().removeprefix("export ").strip().partition("=") for _ in range(2)]
        env = {name: value for name, _, value in lines}
        done = leat("api", "POST", "/contacts", "-f", "email=kept@example.com", **env)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert done.returncode == 0
    with Sandbox(state=tmp_path / "state.db") as again:
        assert "kept@example.com" in {contact["email"] for contact in again.contacts}


def test_a_fault_of_our_own_is_not_mistaken_for_rejected_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from leat_async.cli import app as command

    def broken(**_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(command, "command", lambda: broken)
    assert command.run() == 70
    assert "ZeroDivisionError: oops" in capsys.readouterr().err
