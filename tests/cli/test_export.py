"""`leat export` as its users run it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox

from ..export import conftest
from ..export.conftest import Lists
from ..forking import Forks, Piped, by_itself, environment, piped

lists = conftest.lists
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(forks: Forks | None) -> Command:
    """Run `leat export …`."""
    start = forks.run if forks else by_itself

    def run(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
        return start(["-m", "leat_async", "export", *arguments], environment() | env, cwd)

    return run


@pytest.fixture(scope="module")
def account() -> Iterator[dict[str, str]]:
    with Sandbox(seed="demo", rate_limit=(1_000_000, 60.0)) as sandbox:
        yield {"LEAT_BASE_URL": sandbox.url, "LEAT_ACCESS_TOKEN": sandbox.token}


def test_to_a_file_and_to_stdout(command: Command, account: dict[str, str], tmp_path: Path) -> None:
    ran = command("loyalty-transactions", "-o", "x.csv", "--since", "30d", cwd=tmp_path, **account)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text())))
    assert (ran.returncode, ran.stdout) == (0, "")
    assert f"x.csv: {len(rows)} rows" in ran.stderr
    ran = command("loyalty-transactions", "-o", "-", "--format", "jsonl", "--since", "30d", cwd=tmp_path, **account)
    assert [json.loads(line)["uuid"] for line in ran.stdout.splitlines()] == [row["uuid"] for row in rows]


def test_filters_are_passed_on(command: Command, account: dict[str, str], tmp_path: Path) -> None:
    args = ("loyalty-transactions", "-o", "-", "--format", "csv")
    ran = command(*args, "-f", "type=reward_receptions", cwd=tmp_path, **account)
    assert ran.returncode == 0
    types = {row["type"] for row in csv.DictReader(io.StringIO(ran.stdout))}
    assert "credit_reception" not in types
    ran = command(*args, "-f", "nonsense=1", cwd=tmp_path, **account)
    assert (ran.returncode, ran.stdout) == (2, "")
    ran = command(*args, "-f", "nonsense", cwd=tmp_path, **account)
    assert ran.returncode == 2
    assert "KEY=VALUE" in ran.stderr


def test_help_tells_the_filters_of_each_list(command: Command, tmp_path: Path) -> None:
    ran = command("loyalty_transactions", "--help", cwd=tmp_path)
    filters = ran.stdout.split("Filters (-f KEY=VALUE):")[1].split()
    assert filters == ["loyalty-transactions", "type,", "shop_uuid,", "contact_uuid"]
    every = command("--help", cwd=tmp_path).stdout.split("Filters (-f KEY=VALUE):")[1]
    assert "vouchers" in every
    assert "perPage" not in every


def test_exit_codes(command: Command, account: dict[str, str], tmp_path: Path) -> None:
    assert command("visits", "-o", "x.csv", cwd=tmp_path).returncode == 3
    assert command("visits", "-o", "x.csv", cwd=tmp_path, **{**account, "LEAT_ACCESS_TOKEN": "wrong"}).returncode == 3
    ran = command("visits", "-o", "x.csv", cwd=tmp_path, **{**account, "LEAT_BASE_URL": "http://127.0.0.1:9"})
    assert ran.returncode == 4
    for arguments in (["visits", "-o", "x.foo"], ["nonsense", "-o", "x.csv"], ["visits"], ["visits", "-o", "no/x.csv"]):
        assert command(*arguments, cwd=tmp_path, **account).returncode == 2
    ran = command("visits", "-o", "x.csv", "--since", "soon", cwd=tmp_path, **account)
    assert ran.returncode == 2
    assert "since: 'soon' is no moment" in ran.stderr


def test_a_reader_that_leaves_early_is_no_error(forks: Forks, tmp_path: Path) -> None:
    command = ["-m", "leat_async", "export", "loyalty-transactions", "-o", "-", "--format", "csv", "--sandbox"]
    with piped(forks, command, environment(), tmp_path) as process:
        assert process.stdout.readline().startswith("uuid,")
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == ("", 0)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
async def test_ctrl_c_can_be_resumed(forks: Forks, lists: Lists, tmp_path: Path) -> None:
    lists.most = 5
    lists.fill("visits", 300)
    env = {**environment(), "LEAT_BASE_URL": lists.url, "LEAT_ACCESS_TOKEN": "token"}

    async def run() -> tuple[int, str]:
        nonlocal process
        with piped(forks, ["-m", "leat_async", "export", "visits", "-o", "x.csv"], env, tmp_path) as process:
            _, messages = await asyncio.to_thread(process.communicate)
            return process.wait(), messages

    process: Piped

    async def interrupt(number: int) -> None:
        if number == 45:
            process.send_signal(signal.SIGINT)

    lists.before = interrupt
    code, messages = await run()
    assert code == 130
    assert messages == "leat: interrupted; the same command again goes on where this ended\n"
    code, messages = await run()
    assert code == 0
    assert messages.endswith("300 rows, resumed\n")


async def test_what_cant_be_promised_is_on_stderr(command: Command, lists: Lists, tmp_path: Path) -> None:
    lists.fill("visits", 2)
    lists.change = lambda path, answer: {**answer, "meta": {**answer["meta"], "total": 5}}
    env = {"LEAT_BASE_URL": lists.url, "LEAT_ACCESS_TOKEN": "token"}
    ran = await asyncio.to_thread(lambda: command("visits", "-o", "x.csv", cwd=tmp_path, **env))
    assert ran.returncode == 0
    assert "warning: visits: the API counts 5 rows and gave 2" in ran.stderr


def test_help_imports_neither_the_http_client_nor_the_models(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom leat_async.cli import main\nsys.argv = ['leat', 'export', '--help']\ncode = main()\n"
        "heavy = {'aiohttp', 'cattrs', 'msgspec', 'leat_async.client', 'leat_async.export'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else code)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "--incremental" in ran.stdout


def test_kinds_are_known_by_name(command: Command, account: dict[str, str], tmp_path: Path) -> None:
    for kind in ("loyalty_transactions", "shops", "orders", "custom-attributes"):
        more = ["-f", "entity=contact"] if "custom" in kind else []
        assert command(kind, "-o", f"{kind}.csv", *more, cwd=tmp_path, **account).returncode == 0
    for wrong, words in (
        (["loyalty-transaction"], "did you mean loyalty-transactions?"),
        (["nonsense"], "which are visits, "),
        (["visits", "-f", "contact_uid=x"], "did you mean contact_uuid?"),
        (["custom-attributes"], "entity"),
        (["visits", "--format", "parquet"], "-o - needs --format csv or --format jsonl"),
        (["visits"], "-o - needs --format csv or --format jsonl"),
    ):
        ran = command(*wrong, "-o", "-", *([] if "needs" in words else ["--format", "csv"]), cwd=tmp_path, **account)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert words in ran.stderr
