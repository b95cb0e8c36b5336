"""`leat fleet`: jobs checked, run and looked at."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient
from leat_async.sandbox import Sandbox

from ..forking import Fork, Forks, by_itself, environment
from .conftest import Leat

SOAK = os.environ.get("LEAT_SOAK", "0") not in ("", "0")

JOBS = """
[accounts.amsterdam]
token = {{ env = "AMSTERDAM" }}
base_url = "{url}"
requests = 1000000

[[jobs]]
name = "visits"
account = "amsterdam"
import = "visits"
file = "visits.csv"
ledger = "visits.csv.ledger"

[[jobs]]
name = "shops-{{account}}"
accounts = "all"
export = "shops"
file = "shops-{{account}}.jsonl"

[[jobs]]
name = "credits"
account = "amsterdam"
export = "loyalty_transactions"
file = "lake/month={{month}}/part.parquet"
since = "2025-12"
"""

EXPORTS = """
[[jobs]]
name = "contacts"
account = "amsterdam"
export = "contacts"
file = "contacts.bin"
format = "parquet"

[[jobs]]
name = "tiers"
account = "amsterdam"
export = "tiers"
file = "tiers.xlsx"

[[jobs]]
name = "units"
account = "amsterdam"
export = "units"
file = "tiers"
"""

IMPORTS = """
[accounts.apart]
token = { env = "AMSTERDAM" }
shared = "redis://127.0.0.1:1/0"

[[jobs]]
name = "workbook"
account = "amsterdam"
import = "visits"
file = "visits.xlsx"

[[jobs]]
name = "old"
account = "amsterdam"
import = "visits"
file = "visits.xls"

[[jobs]]
name = "packed"
account = "amsterdam"
import = "visits"
file = "visits.csv"
mapping = "visits.toml"

[[jobs]]
name = "when"
account = "amsterdam"
export = "visits"
file = "visits.jsonl"
filters = { colour = "red" }

[[jobs]]
name = "named"
account = "amsterdam"
export = "contacts"
file = "contacts.csv"
columns = ["colour"]

[[jobs]]
name = "columns"
account = "apart"
import = "visits"
file = "visits.parquet"
ledger = "postgresql://127.0.0.1:1/leat"
"""


@pytest.fixture
def jobs(sandbox: Sandbox, tmp_path: Path) -> Path:
    sandbox.create_contact(email="ada@example.com")
    shop = sandbox.rows("shops")[0]["uuid"]
    lines = ["external_id,contact_email,shop_uuid,starts_at"]
    for number, email in enumerate(("ada@example.com", "ada@example.com", "nobody@example.com")):
        lines.append(f"v-{number},{email},{shop},2026-05-01T20:00:00+02:00")
    (tmp_path / "visits.csv").write_text("\n".join(lines) + "\n")
    path = tmp_path / "jobs.toml"
    write_jobs(path, sandbox)
    return path


def write_jobs(path: Path, sandbox: Sandbox) -> None:
    path.write_text(JOBS.format(url=sandbox.url))


def test_from_check_to_rejects(leat: Leat, sandbox: Sandbox, jobs: Path, tmp_path: Path) -> None:
    env = {"AMSTERDAM": sandbox.token, "LEAT_STATE_DIR": str(tmp_path / "state")}
    checked = leat("fleet", "check", **env)
    assert checked.returncode == 0, checked.stderr
    assert "visits: import visits, account amsterdam: ready" in checked.stdout
    status = leat("fleet", "status", **env).stdout
    assert "visits: not run yet" in status
    assert "credits: not run yet" in status
    ran = leat("fleet", "run", **env)
    assert ran.returncode == 1, ran.stderr
    assert "visits: done, 2 created, 1 rejected" in ran.stderr
    assert "shops-amsterdam: done, " in ran.stderr
    assert sandbox.token not in ran.stderr + ran.stdout
    assert len(sandbox.rows("visits")) == 2
    status = leat("fleet", "status", **env).stdout
    assert "visits: 2 created, 1 rejected" in status
    assert "shops-amsterdam: written 20" in status
    assert "credits: written 20" in status
    (refused,) = leat("fleet", "rejects", "visits", **env).stdout.splitlines()
    assert json.loads(refused)["row"] == 3
    assert "nobody@example.com" in json.loads(refused)["error"]
    again = leat("fleet", "job", "visits", **env)
    assert (again.returncode, len(sandbox.rows("visits"))) == (1, 2)
    assert "2 known" in again.stderr


def test_what_is_missing_is_told_and_nothing_is_sent(leat: Leat, sandbox: Sandbox, jobs: Path, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").unlink()
    checked = leat("fleet", "check")
    assert checked.returncode == 2
    assert f"there is no token in the variable AMSTERDAM; {tmp_path / 'visits.csv'}: there is no such" in checked.stdout
    ran = leat("fleet", "run", "--job", "visits", AMSTERDAM=sandbox.token)
    assert ran.returncode == 2
    assert f"visits: failed, {tmp_path / 'visits.csv'}: there is no such file" in ran.stderr


def test_a_file_that_could_not_be_written_is_told(sandbox: Sandbox, jobs: Path, tmp_path: Path) -> None:
    jobs.write_text(jobs.read_text() + EXPORTS)
    checked = without(("pyarrow", "openpyxl"), sandbox, tmp_path)
    assert checked.returncode == 2
    said = [line.rpartition("account amsterdam: ")[2] for line in checked.stdout.splitlines()]
    parquet, workbook = (f"needs an extra: pip install 'leat-async[{extra}]'" for extra in ("parquet", "excel"))
    assert said[:-1] == ["ready", "ready", f"Parquet {parquet}", f"Parquet {parquet}", f"a workbook {workbook}"]
    assert said[-1].startswith("'tiers' tells no format: end it in .csv")


def without(modules: tuple[str, ...], sandbox: Sandbox, folder: Path) -> Any:
    """`leat fleet check` where these are not installed."""
    hiding = f"import sys; sys.modules |= dict.fromkeys({modules!r}); from leat_async.cli import main; sys.exit(main())"
    env = environment() | {"AMSTERDAM": sandbox.token}
    return by_itself(["-c", hiding, "fleet", "check"], env, folder)


def test_what_a_job_needs_and_is_not_there_is_told(sandbox: Sandbox, jobs: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "visits.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", "")
    (tmp_path / "visits.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(5000))
    (tmp_path / "visits.parquet").write_bytes(b"PAR1")
    (tmp_path / "visits.toml").write_text("colour = {}")
    jobs.write_text(jobs.read_text() + IMPORTS)
    modules = ("openpyxl", "xlrd", "pyarrow", "pyarrow.parquet", "redis", "psycopg")
    checked = without(modules, sandbox, tmp_path)
    assert checked.returncode == 2, checked.stderr
    said = dict(line.split(": ", 1) for line in checked.stdout.splitlines())
    excel, parquet, redis, postgres = (f"leat-async[{extra}]'" for extra in ("excel", "parquet", "redis", "postgres"))
    assert said["visits"].endswith(": ready")
    for name, missing in {"workbook": [excel], "old": [excel], "columns": [redis, parquet, postgres]}.items():
        assert [part.rpartition("'")[0].rpartition("'")[2] + "'" for part in said[name].split(";")] == missing
    assert "there is no setting 'colour'" in said["packed"]
    assert "an unexpected keyword argument 'colour'" in said["when"]
    assert "columns: 'colour' is none of the columns" in said["named"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("run", "--jobs", "none.toml"), "none.toml: there is no such file; --jobs names another"),
        (("job", "nothing"), "there is no job 'nothing'; there are visits, shops-amsterdam"),
        (("run", "--for", "0"), "--for takes seconds above 0"),
        (("run", "--for", "nan"), "--for takes seconds above 0, got nan"),
        (("run", "--job", "visits", "--job", "visits"), "visits: failed, there is no token in the variable AMSTERDAM"),
        (("rejects", "shops-amsterdam"), "is an export"),
        (("rejects", "visits"), "visits has not run here yet"),
    ],
)
def test_usage(leat: Leat, jobs: Path, command: tuple[str, ...], said: str) -> None:
    ran = leat("fleet", *command)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_job_whose_time_is_up_can_be_tried_again(leat: Leat, sandbox: Sandbox, jobs: Path, tmp_path: Path) -> None:
    env = {"AMSTERDAM": sandbox.token, "LEAT_STATE_DIR": str(tmp_path / "state")}
    ran = leat("fleet", "job", "shops-amsterdam", "--for", "0.000001", **env)
    assert ran.returncode == 4
    assert "unfinished" in ran.stderr
    assert leat("fleet", "job", "shops-amsterdam", **env).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
async def test_months_are_exact_however_often_their_job_is_killed(forks: Forks, jobs: Path, tmp_path: Path) -> None:
    rows, kills = (5000, 20) if SOAK else (120, 4)
    with Sandbox(seed=7, rate_limit=(1_000_000, 60.0), journal_size=100_000) as sandbox:
        contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
        async with LeatClient(sandbox.token, base_url=sandbox.url, rate_limit=None) as leat:
            for number in range(rows):
                await leat.credit_receptions.create(contact_uuid=contact, shop_uuid=shop, credits=number + 1)
                sandbox.clock.advance(90 * 86400 / rows)
        write_jobs(jobs, sandbox)
        env = environment() | {"AMSTERDAM": sandbox.token, "LEAT_STATE_DIR": str(tmp_path / "state")}

        def start() -> Fork:
            with (tmp_path / "log").open("a+") as log:
                return forks.start(["-m", "leat_async", "fleet", "job", "credits"], env, tmp_path, [log] * 3)

        draw, killed = random.Random(1), 0
        while killed < kills:
            job = start()
            ended = asyncio.ensure_future(asyncio.to_thread(job.wait))
            until = sandbox.journal.total + draw.randrange(3, 30)
            while sandbox.journal.total < until and not ended.done():
                await asyncio.sleep(0.001)
            if ended.done():
                break
            job.kill()
            await ended
            killed += 1
        assert killed >= 3
        assert await asyncio.to_thread(start().wait) == 0, (tmp_path / "log").read_text()[-2000:]
        made = {row["uuid"] for row in sandbox.rows("loyalty_transactions")}
    import duckdb  # not above: each process that runs tests would import it

    found = duckdb.sql(
        f"SELECT uuid, month, strftime(created_at, '%Y-%m') FROM '{tmp_path}/lake/**/*.parquet'"
    ).fetchall()
    assert len(found) == rows == len(made)
    assert {uuid for uuid, *_ in found} == made
    assert all(month == shown for _, month, shown in found)


@pytest.mark.skipif(os.name == "nt", reason="no named pipes")
def test_ctrl_c_does_not_wait_for_a_command_that_prints_no_token(jobs: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    command = "trap '' INT; echo > begun; exec cat pipe 2>/dev/null"
    jobs.write_text(jobs.read_text().replace('env = "AMSTERDAM"', f'command = ["sh", "-c", "{command}"]'))
    arguments = ("-m", "leat_async", "fleet", "run", "--job", "visits")
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=tmp_path, env=environment(None), stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    try:
        _, messages = process.communicate(timeout=30.0)
    finally:
        (tmp_path / "pipe").write_text("")  # which ends the command
        process.kill()
    assert messages == "leat: interrupted; the same command goes on where this ended\n"
    assert process.returncode == 130
