"""`leat import status|show|resolve|forget`, on ledgers of real imports."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import bulk
from leat_async.bulk.lock import FileLock
from leat_async.bulk.places import LedgerUrl
from leat_async.bulk.postgres_base import PostgresBase
from leat_async.cli import app
from leat_async.sandbox import Sandbox

from ..forking import Forks, environment

ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="terminals and kills of POSIX")
OPTIONS = ("--map", "number=external_id", "--create-contacts")


@attrs.frozen
class Ended:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def run(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`leat import …` in this process and an empty directory, with a state folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LEAT_STATE_DIR", str(state))

    def run(*arguments: str, on: Sandbox | None = None) -> Ended:
        if on is not None:
            monkeypatch.setenv("LEAT_BASE_URL", on.url)
            monkeypatch.setenv("LEAT_ACCESS_TOKEN", on.token)
        monkeypatch.setattr(sys, "argv", ["leat", "import", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        code = app.run()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ended(code, said.out, said.err)

    return run


def file_of(path: Path, sandbox: Sandbox, numbers: range, *, wrong: bool = False, people: int = 2) -> None:
    shop = sandbox.shops[0]["uuid"]
    lines = [f"B-{n:03},anna@example.com,{shop},2026-03-01T{n % 24:02}:00Z,{people}" for n in numbers]
    lines += [f"B-999,nobody,{shop},2026-03-01T10:00Z,2"] if wrong else []
    path.write_text("\n".join(["number,email,shop_uuid,starts_at,number_of_people", *lines]) + "\n")


def visits_of(path: Path, sandbox: Sandbox) -> None:
    path.write_text(f"email,shop_uuid,starts_at\nanna@example.com,{sandbox.shops[0]['uuid']},2026-03-01T10:00Z\n")


def ledger_of(state: Path, kind: str) -> Path:
    (path,) = state.glob(f"ledgers/*/{kind}.ledger")
    return path


def changed(path: Path, statement: str) -> None:
    base = sqlite3.connect(path)
    with base:
        base.execute(statement)
    base.close()


def an_hour_later(path: Path) -> None:
    """Have what was sent been sent an hour ago."""
    changed(path, "UPDATE rows SET rest = json_set(rest, '$[5]', json_extract(rest, '$[5]') - 3600)")


@pytest.fixture
def doubtful(run: Run, sandbox: Sandbox, tmp_path: Path, state: Path) -> Path:
    """The ledger of six bookings, of which the second was made and the fourth was not, and nobody knows."""
    file_of(tmp_path / "b.csv", sandbox, range(6))
    sandbox.faults.add_text("apply_then_drop bookings.create nth=2")
    sandbox.faults.add_text("drop_before bookings.create nth=4")
    done = run("bookings", "b.csv", "--concurrency", "1", *OPTIONS, on=sandbox)
    assert done.returncode == 5, done.stderr
    assert "leat import resolve" in done.stdout
    path = ledger_of(state, "bookings")
    an_hour_later(path)
    return path


def numbers(run: Run, *options: str) -> list[dict[str, Any]]:
    listed = run("resolve", "--json", *options)
    found: list[dict[str, Any]] = json.loads(listed.stdout)
    assert listed.returncode == (5 if found else 0)
    return found


def test_status_lists_accounts_kinds_and_runs(run: Run, sandbox: Sandbox, tmp_path: Path, state: Path) -> None:
    nothing = run("status")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert str(state) in nothing.stderr

    file_of(tmp_path / "b.csv", sandbox, range(4), wrong=True)
    visits_of(tmp_path / "v.csv", sandbox)
    for _ in range(2):
        run("bookings", "b.csv", *OPTIONS, on=sandbox)
    run("visits", "v.csv", "--create-contacts", on=sandbox)
    told = run("status")
    assert told.returncode == 0, told.stderr
    for words in (
        "bookings of ",
        "visits of ",
        "4 done",
        "b.csv: 5 read, 4 created, 1 rejected",
        "4 known, 1 rejected",
    ):
        assert words in told.stdout
    assert str(ledger_of(state, "visits")) in told.stdout

    bookings, visits = json.loads(run("status", "--json").stdout)
    assert [bookings["kind"], visits["kind"]] == ["bookings", "visits"]
    assert bookings["account"] == visits["account"]
    assert (bookings["rows"], bookings["in_doubt"]) == ({"done": 4}, 0)
    assert [one["run"] for one in bookings["runs"]] == [2, 1]
    first = bookings["runs"][1]
    assert (first["file"], first["size"]) == ("b.csv", (tmp_path / "b.csv").stat().st_size)
    assert (first["counts"]["taken"], first["running"]) == (5, False)

    second = run("status", "2")
    assert "row 5: " in second.stdout
    assert second.stdout.count("(rows are counted without the header and blank lines)") == 1
    assert "nobody" in second.stdout
    assert "visits" not in second.stdout
    (second_json,) = json.loads(run("status", "2", "--json").stdout)
    assert [reject["row"] for reject in second_json["runs"][0]["rejects"]] == [5]
    assert run("status", "3").returncode == 1

    (only_visits,) = json.loads(run("status", "--json", "--kind", "visits").stdout)
    assert only_visits["kind"] == "visits"
    account = visits["account"]
    assert len(json.loads(run("status", "--json", "--account", account.rpartition(":")[2][:8]).stdout)) == 2
    other = run("status", "--account", "another")
    assert other.returncode == 2
    assert "another" in other.stderr


def test_a_ledger_that_is_nobodys_own_is_named(run: Run, sandbox: Sandbox, tmp_path: Path, state: Path) -> None:
    visits_of(tmp_path / "v.csv", sandbox)
    run("visits", "v.csv", "--create-contacts", "--ledger", "v.ledger", on=sandbox)
    assert json.loads(run("status", "--json").stdout) == []
    (told,) = json.loads(run("status", "--json", "--ledger", "v.ledger").stdout)
    assert (told["kind"], told["rows"]) == ("visits", {"done": 1})
    (row,) = json.loads(run("show", "--row", "1", "--json", "--ledger", "v.ledger").stdout)
    assert row["uuid"] == sandbox.rows("visits")[0]["uuid"]
    for command in (["status"], ["forget"]):
        missing = run(*command, "--ledger", "none.ledger")
        assert missing.returncode == 2
        assert "none.ledger" in missing.stderr


def test_a_damaged_ledger_is_told_beside_the_others(run: Run, sandbox: Sandbox, tmp_path: Path, state: Path) -> None:
    visits_of(tmp_path / "v.csv", sandbox)
    run("visits", "v.csv", "--create-contacts", on=sandbox)
    broken = state / "ledgers" / "0" / "bookings.ledger"
    broken.parent.mkdir()
    broken.write_text("no database " * 100)
    told = run("status")
    assert told.returncode == 2
    assert str(broken) in told.stderr
    assert "visits of " in told.stdout


def test_a_row_by_its_identifier_or_its_place(run: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    file_of(tmp_path / "b.csv", sandbox, range(3))
    run("bookings", "b.csv", *OPTIONS, on=sandbox)
    file_of(tmp_path / "later.csv", sandbox, range(2, 5))
    run("bookings", "later.csv", *OPTIONS, on=sandbox)
    uuids = {row["external_id"]: row["uuid"] for row in sandbox.rows("bookings")}
    (row,) = json.loads(run("show", "--id", "B-001", "--json").stdout)
    assert (row["row"], row["run"], row["state"], row["uuid"]) == (2, 1, "done", uuids["B-001"])
    (row,) = json.loads(run("show", "--row", "2", "--json").stdout)
    assert (row["run"], row["uuid"]) == (2, uuids["B-003"])
    (row,) = json.loads(run("show", "--row", "2", "--run", "1", "--json").stdout)
    assert row["uuid"] == uuids["B-001"]
    told = run("show", "--id", "B-004")
    assert uuids["B-004"] in told.stdout
    assert "3 of later.csv, run 2" in told.stdout
    for asked in (["--id", "B-777"], ["--row", "77"]):
        nothing = run("show", *asked)
        assert (nothing.returncode, nothing.stdout) == (1, "")
        assert "77" in nothing.stderr
        assert json.loads(run("show", *asked, "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show"], "--id"),
        (["show", "--id", "x", "--row", "1"], "--row"),
        (["show", "--id", "x", "--run", "1"], "--run"),
        (["forget"], "--older-than"),
        (["forget", "--older-than", "3", "--run", "1"], "exclude"),
        (["forget", "--before", "soon"], "soon"),
        (["resolve", "--made", "1"], "no import"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@ON_UNIX
def test_a_running_import_is_shown_as_running_and_a_killed_one_as_broken_off(
    run: Run, forks: Forks, sandbox: Sandbox, tmp_path: Path, state: Path
) -> None:
    file_of(tmp_path / "b.csv", sandbox, range(900))
    command = ["-m", "leat_async", "import", "bookings", "b.csv", "--rate", "600", *OPTIONS]
    env = environment(sandbox) | {"LEAT_STATE_DIR": str(state)}
    with open(os.devnull, "r+b") as nothing:
        process = forks.start(command, env, tmp_path, [nothing] * 3)
    try:
        until(lambda: any(state.glob("ledgers/*/bookings.ledger")) and len(sandbox.rows("bookings")) > 3)
        told = run("status")
        assert "running" in told.stdout
        (memory,) = json.loads(run("status", "--json").stdout)
        assert (memory["runs"][0]["running"], memory["runs"][0]["process"]) == (True, process.pid)
        assert f"process {process.pid}" in run("status", "1").stdout
        busy = run("forget", "--run", "1")
        assert busy.returncode == 2
        assert "in use" in busy.stderr
        assert run("show", "--id", "B-000").returncode == 0
    finally:
        process.kill()
        process.wait()
    told = run("status")
    assert "broke off" in told.stdout
    (memory,) = json.loads(run("status", "--json").stdout)
    assert (memory["runs"][0]["running"], memory["runs"][0]["ended"]) == (False, None)


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_rows_in_doubt_are_shown_as_they_stand_in_their_file(run: Run, doubtful: Path, tmp_path: Path) -> None:
    second, fourth = numbers(run)
    assert (second["row"], second["state"], second["file"]["line"], second["file"]["certain"]) == (
        2,
        "unknown",
        3,
        True,
    )
    assert second["file"]["values"]["number"] == "B-001"
    assert fourth["file"]["values"]["number"] == "B-003"
    told = run("resolve")
    assert told.returncode == 5
    assert "B-001" in told.stdout
    assert "no terminal" in told.stderr

    moved = tmp_path / "old" / "b.csv"
    moved.parent.mkdir()
    (tmp_path / "b.csv").rename(moved)
    assert all(row["file"]["values"] is None and "--file" in row["file"]["where"] for row in numbers(run))
    assert [row["file"]["line"] for row in numbers(run, "--file", str(moved))] == [3, 5]
    moved.write_text(moved.read_text() + "\n")
    second, _ = numbers(run, "--file", str(moved))
    assert second["file"]["values"] is None


def test_a_row_that_nothing_proves_to_be_it_is_shown_with_a_warning(
    run: Run, sandbox: Sandbox, tmp_path: Path, state: Path
) -> None:
    file_of(tmp_path / "rest.csv", sandbox, range(3))
    (tmp_path / "b.csv").write_text("a,b,c,d,e\n" + (tmp_path / "rest.csv").read_text())
    sandbox.faults.add_text("drop_before bookings.create nth=2")
    options = ("--header-row", "2", "--concurrency", "1", "--save-mapping", "m.toml")
    assert run("bookings", "b.csv", *options, *OPTIONS, on=sandbox).returncode == 5
    (row,) = numbers(run)
    assert (row["file"]["certain"], row["file"]["line"]) == (False, 3)
    assert "nothing in this row proves" in run("resolve").stdout
    (row,) = numbers(run, "--mapping", "m.toml")
    assert (row["file"]["certain"], row["file"]["values"]["number"]) == (True, "B-001")


def test_what_a_person_says_of_rows_in_doubt_is_done(
    run: Run, doubtful: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    second, fourth = (row["number"] for row in numbers(run))
    uuid = next(row["uuid"] for row in sandbox.rows("bookings") if row["external_id"] == "B-001")
    for wrong, said in (
        (["--made", "77"], "77"),
        (["--made", "x"], "'x'"),
        (["--made", f"{second}=here"], "here"),
        (["--not-made", f"{second}={uuid}"], uuid),
        (["--made", str(second), "--not-made", str(second)], "twice"),
    ):
        refused = run("resolve", *wrong)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
    assert len(numbers(run)) == 2
    one = run("resolve", "--made", f"{second}={uuid}")
    assert one.returncode == 5
    (left,) = numbers(run)
    assert left["number"] == fourth
    (done,) = json.loads(run("resolve", "--not-made", str(fourth), "--json").stdout)
    assert (done["number"], done["state"]) == (fourth, "pending")
    assert run("resolve").returncode == 0

    assert run("bookings", "b.csv", *OPTIONS, on=sandbox).returncode == 0
    assert sorted(row["external_id"] for row in sandbox.rows("bookings")) == [f"B-00{n}" for n in range(6)]
    # With the uuid, a change of the row goes to what is there.
    file_of(tmp_path / "b.csv", sandbox, range(1, 2), people=9)
    assert run("bookings", "b.csv", "--on-change", "update", *OPTIONS, on=sandbox).returncode == 0
    assert [row["number_of_people"] for row in sandbox.rows("bookings") if row["uuid"] == uuid] == [9]
    assert len(sandbox.rows("bookings")) == 6


def test_nothing_is_sent_again_that_may_be_there(run: Run, doubtful: Path, sandbox: Sandbox) -> None:
    second, fourth = numbers(run)
    now = int(time.time())
    changed(doubtful, f"UPDATE rows SET rest = json_set(rest, '$[5]', {now}) WHERE number = {fourth['number']}")
    young = run("resolve", "--not-made", str(fourth["number"]))
    assert young.returncode == 2
    assert "may still arrive" in young.stderr
    changed(doubtful, f"UPDATE rows SET state = 'half' WHERE number = {second['number']}")
    half = run("resolve", "--made", str(fourth["number"]), "--not-made", str(second["number"]))
    assert half.returncode == 2
    assert "is there" in half.stderr
    with pytest.raises(ValueError, match="only a change of it is in doubt"):
        bulk.resolve(doubtful, second["number"], made=False)
    # Nobody is asked about that one: the next import sends its change again.
    assert [row["number"] for row in numbers(run)] == [fourth["number"]]
    assert bulk.resolve(doubtful, second["number"], made=True).state is bulk.State.DONE


def test_where_leat_can_be_asked_nobody_else_is(run: Run, sandbox: Sandbox, tmp_path: Path, state: Path) -> None:
    visits_of(tmp_path / "v.csv", sandbox)
    run("visits", "v.csv", "--create-contacts", on=sandbox)
    path = ledger_of(state, "visits")
    an_hour_later(path)
    changed(path, "UPDATE rows SET state = 'unknown'")
    told = run("resolve")
    assert told.returncode == 0
    assert "the next import" in told.stderr
    assert "asks Leat" in run("status").stdout
    refused = run("resolve", "--not-made", "1")
    assert refused.returncode == 2
    assert "asks Leat" in refused.stderr
    assert run("visits", "v.csv", "--create-contacts", on=sandbox).returncode == 0
    assert len(sandbox.rows("visits")) == 1
    assert json.loads(run("status", "--json").stdout)[0]["in_doubt"] == 0


@ON_UNIX
def test_a_person_is_led_through_rows_in_doubt(
    run: Run, forks: Forks, doubtful: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    uuid = next(row["uuid"] for row in sandbox.rows("bookings") if row["external_id"] == "B-001")
    said, code = at_a_terminal(forks, ["resolve"], "what?\ny\nno uuid\n" + uuid + "\n\n", tmp_path)
    assert code == 5
    assert said.count("Is it in Leat?") == 3
    assert "B-001" in said
    assert "'no uuid' is no UUID" in said
    assert "1 left in doubt" in said
    (left,) = numbers(run)
    assert left["file"]["values"]["number"] == "B-003"
    said, code = at_a_terminal(forks, ["resolve"], "\x04", tmp_path)  # the end of what is typed
    assert (code, len(numbers(run))) == (5, 1)
    said, code = at_a_terminal(forks, ["resolve"], "n\n", tmp_path)
    assert code == 0, said
    assert "1 to be sent" in said
    assert json.loads(run("show", "--id", "B-001", "--json").stdout)[0]["uuid"] == uuid
    assert run("bookings", "b.csv", *OPTIONS, on=sandbox).returncode == 0
    assert len(sandbox.rows("bookings")) == 6


def at_a_terminal(forks: Forks, arguments: list[str], typed: str, folder: Path) -> tuple[str, int]:
    """What `leat import` says at a terminal where this is typed, and how it ends."""
    ours, its = os.openpty()
    env = environment() | {"LEAT_STATE_DIR": str(folder / "state"), "COLUMNS": "80"}
    with tempfile.TemporaryFile() as said:
        started = forks.start(["-m", "leat_async", "import", *arguments], env, folder, [its, said, said])
        os.close(its)
        os.write(ours, typed.encode())
        code = started.wait()
        os.close(ours)
        said.seek(0)
        return said.read().decode(), code


def test_personal_data_are_forgotten_by_run_age_and_account(
    run: Run, sandbox: Sandbox, tmp_path: Path, state: Path
) -> None:
    for name, some in (("a.csv", range(2)), ("b.csv", range(2, 4))):
        file_of(tmp_path / name, sandbox, some, wrong=True)
        run("bookings", name, *OPTIONS, on=sandbox)
    visits_of(tmp_path / "v.csv", sandbox)
    run("visits", "v.csv", "--create-contacts", on=sandbox)
    path = ledger_of(state, "bookings")

    def has(word: str) -> bool:
        return word.encode() in b"".join(part.read_bytes() for part in path.parent.glob("bookings.ledger*"))

    uuids = {row["external_id"]: row["uuid"] for row in sandbox.rows("bookings")}
    several = run("forget", "--run", "1")
    assert several.returncode == 2
    assert "--kind" in several.stderr
    assert run("forget", "--run", "1", "--kind", "bookings").returncode == 0
    assert [has(uuids[number]) for number in ("B-001", "B-002")] == [False, True]
    assert not has("a.csv")
    assert has("'nobody'")

    assert json.loads(run("forget", "--older-than", "1", "--json").stdout)[0]["runs"] == []
    changed(path, "UPDATE runs SET started = started - 200000")
    told = json.loads(run("forget", "--older-than", "1", "--json").stdout)
    assert [(each["kind"], each["runs"]) for each in told] == [("bookings", [2, 1]), ("visits", [])]
    assert not has(uuids["B-002"])
    assert not has("'nobody'")

    (account,) = {each["account"] for each in told}
    assert run("forget", "--account", account).returncode == 0
    assert all(each["forgotten"] for each in json.loads(run("status", "--json").stdout))
    for name in ("a.csv", "b.csv"):
        assert run("bookings", name, *OPTIONS, on=sandbox).returncode == 1
    assert len(sandbox.rows("bookings")) == 4


def test_a_ledger_in_use_is_left_and_told(run: Run, sandbox: Sandbox, tmp_path: Path, state: Path) -> None:
    visits_of(tmp_path / "v.csv", sandbox)
    file_of(tmp_path / "b.csv", sandbox, range(1))
    run("visits", "v.csv", "--create-contacts", on=sandbox)
    run("bookings", "b.csv", *OPTIONS, on=sandbox)
    lock = FileLock(ledger_of(state, "bookings"))
    told = run("forget", "--older-than", "0", "--json")
    lock.release()
    assert told.returncode == 2
    assert "in use" in told.stderr
    assert [each["kind"] for each in json.loads(told.stdout)] == ["visits"]


@ON_UNIX
def test_a_ledger_in_a_database_is_told_of_like_any_other(run: Run, tmp_path: Path, ledger_url: str) -> None:
    url = ledger_url.replace("postgres@", "postgres:hush@")
    shown = ledger_url.replace("postgres@", "")
    with Sandbox(seed=7, rate_limit=(1_000_000, 60.0)) as sandbox:
        file_of(tmp_path / "b.csv", sandbox, range(6), wrong=True)
        sandbox.faults.add("drop_before", "bookings.create", nth=2)
        importing = ("bookings", "b.csv", *OPTIONS, "--rate", "100000", "--ledger", url)
        ended = run(*importing, on=sandbox)
        assert ended.returncode == 5, ended.stderr
        assert "nobody" in (tmp_path / "b.csv.rejects.csv").read_text()
        said = [ended.stdout + ended.stderr]
        ended = run(*importing, "--dry-run", on=sandbox)
        assert ended.returncode == 5, ended.stderr
        assert "known from earlier runs" in ended.stdout + ended.stderr
        said.append(ended.stdout + ended.stderr)
        [memory] = json.loads(run("status", "--ledger", url, "--json").stdout)
        assert (memory["ledger"], memory["in_doubt"], memory["kind"]) == (shown, 1, "bookings")
        [listed] = json.loads(run("resolve", "--ledger", url, "--json").stdout)
        assert listed["file"]["values"]["number"].startswith("B-")
        ended = run("resolve", "--ledger", url, "--made", str(listed["number"]))
        assert ended.returncode == 0, ended.stderr
        ended = run("show", "--ledger", url, "--id", "B-003")
        assert (ended.returncode, "done: created" in ended.stdout) == (0, True)
        said.append(run("status", "--ledger", url).stdout)
        assert "6 done" in said[-1]
        with closing(PostgresBase(LedgerUrl.of(url))) as holder:
            holder.take()
            said.append(run(*importing, on=sandbox).stderr)
            assert "is in use by another run" in said[-1]
            ended = run(*importing, "--take-over", on=sandbox)
            assert (ended.returncode, f"the session that had {shown} was ended" in ended.stderr) == (1, True)
        ended = run("forget", "--ledger", url, "--run", "1")
        assert (ended.returncode, "are deleted" in ended.stderr) == (0, True)
        assert len(sandbox.rows("bookings")) == 5
        for more, reason, code in (
            (("--take-over",), "--take-over goes with --ledger postgresql://", 2),
            (("--ledger", "mysql://u:hush@host/db"), "no ledger can be kept at mysql://…", 2),
            (("--ledger", "postgresql://u:hush@127.0.0.1:1/db"), "can't be reached", 4),
            (("--ledger", "postgresql://u:hush@127.0.0.1:1/db", "--dry-run"), "can't be reached", 4),
        ):
            ended = run("bookings", "b.csv", *OPTIONS, *more, on=sandbox)
            assert (ended.returncode, reason in ended.stderr) == (code, True), ended.stderr
            said.append(ended.stderr)
        ended = run("status", "--ledger", "postgresql://u:hush@127.0.0.1:1/db")
        assert (ended.returncode, "can't be reached" in ended.stderr) == (4, True)
    assert "hush" not in "".join([*said, ended.stderr])
