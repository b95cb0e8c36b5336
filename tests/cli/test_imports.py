"""`leat import` as its users run it."""

from __future__ import annotations

import csv
import json
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from leat_async.bulk.lock import FileLock
from leat_async.sandbox import Sandbox
from leat_async.tables.source import open_source
from leat_async.tables.table import REASON

from ..forking import environment
from .conftest import Leat

EXAMPLES = Path(__file__).parents[2] / "examples"
ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and signals")


def visits_file(path: Path, sandbox: Sandbox, rows: Iterable[tuple[str, str]]) -> Path:
    """A file of visits: address and start of each."""
    shop = sandbox.shops[0]["uuid"]
    lines = [f"{address},{shop},{start}" for address, start in rows]
    path.write_text("\n".join(["email,shop_uuid,starts_at", *lines]) + "\n")
    return path


def moments(count: int) -> list[str]:
    return [f"2026-03-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00Z" for n in range(count)]


def good(count: int) -> list[tuple[str, str]]:
    return [("anna@example.com", moment) for moment in moments(count)]


def rejects_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_all_rows_done(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(30))
    done = leat("import", "visits", "v.csv", on=sandbox)
    assert done.returncode == 0, done.stderr
    assert len(sandbox.rows("visits")) == 30
    assert "created" in done.stdout
    assert "created" not in done.stderr
    assert "contact_email" in done.stderr
    assert sandbox.token not in done.stdout + done.stderr
    assert not (tmp_path / "v.csv.rejects.csv").exists()


def test_a_second_run_sends_nothing(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, [*good(5), ("nobody", "2026-03-01T10:00Z")])
    first = leat("import", "visits", "v.csv", on=sandbox)
    refused = rejects_of(tmp_path / "v.csv.rejects.csv")
    sandbox.journal.clear()
    second = leat("import", "visits", "v.csv", "--report", "r.json", on=sandbox)
    assert (first.returncode, second.returncode) == (1, 1)
    assert not [entry for entry in sandbox.journal.entries() if entry.method == "POST"]
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["skipped"], report["rejected"], report["exit_code"]) == (5, 1, 1)
    assert rejects_of(tmp_path / "v.csv.rejects.csv") == refused


def test_refused_rows_are_sent_again_when_that_is_asked(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    shop = sandbox.shops[0]["uuid"]
    (tmp_path / "v.csv").write_text(f"contact_uuid,shop_uuid,starts_at\nnobody,{shop},2026-03-01T10:00Z\n")
    sent = []
    for more in ([], [], ["--retry-rejected"]):
        assert leat("import", "visits", "v.csv", *more, on=sandbox).returncode == 1
        sent.append(sandbox.journal.counts()["visits.create"])
    assert sent == [1, 1, 2]


@pytest.mark.parametrize(
    ("fault", "options"), [("rate_limit", {"retry_after": 1}), ("maintenance", {}), ("server_error", {"status": 500})]
)
def test_a_passing_fault_of_the_first_question_is_waited_for(
    leat: Leat, sandbox: Sandbox, tmp_path: Path, fault: str, options: dict[str, int]
) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(3))
    sandbox.faults.add(fault, "system.health_check", first=6, **options)
    done = leat("import", "visits", "v.csv", on=sandbox)
    assert done.returncode == 0, done.stderr
    assert len(sandbox.rows("visits")) == 3


def test_rejects_can_be_corrected_and_fed_back_in(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    shop = sandbox.shops[0]["uuid"]
    rows = [
        ["Mail", "Shop UUID", "Start", "Bron", "Notitie"],
        ["anna@example.com", shop, "2026-03-01T10:00Z", "+31 kiosk", "x"],
        ["anna@example.com", shop, "2026-02-30T10:00Z", "+31 kiosk", "=1+1; 'quoted'"],
        ["anna@example.com", shop, "2026-03-02T10:00Z", "-", "two\nlines"],
        ["nobody@example.com", shop, "2026-03-03T10:00Z", "'+x", "ë"],
    ]
    with (tmp_path / "v.csv").open("w", newline="", encoding="cp1252") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    assert leat("import", "visits", "v.csv", on=sandbox).returncode == 1
    path = tmp_path / "v.csv.rejects.csv"
    text = path.read_text(encoding="cp1252")
    assert text.splitlines()[0] == f"Mail;Shop UUID;Start;Bron;Notitie;{REASON}"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in text.replace("\n", ";").split(";"))
    source = open_source(path, tmp_path)
    assert [list(record.values.values()) for record in source.records()] == [rows[2], rows[4]]
    assert "does not exist" in text
    assert "--create-contacts" in text
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    path.write_text(text.replace("2026-02-30", "2026-02-28").replace("nobody@", "bram@"), encoding="cp1252")
    again = leat("import", "visits", path.name, on=sandbox)
    assert again.returncode == 0, again.stderr
    assert sorted(row["source"] for row in sandbox.rows("visits")) == ["'+x", "+31 kiosk", "+31 kiosk", "-"]
    # Neither the corrected file again nor a fresh export of the same data makes anything anew.
    rows[2][2], rows[4][0] = "2026-02-28T10:00Z", "bram@example.com"
    with (tmp_path / "fresh.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([rows[0], *reversed(rows[1:])])
    assert leat("import", "visits", path.name, on=sandbox).returncode == 0
    assert leat("import", "visits", "fresh.csv", on=sandbox).returncode == 0
    assert len(sandbox.rows("visits")) == 4


def test_a_file_may_be_corrected_where_it_is(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, [("anna@example.com", "2026-03-01 10:00"), ("bram@example.com", "x")])
    assert leat("import", "visits", "v.csv", on=sandbox).returncode == 1
    zoned = leat("import", "visits", "v.csv", "--timezone", "Europe/Amsterdam", on=sandbox)
    assert zoned.returncode == 1
    assert [row["starts_at"] for row in sandbox.rows("visits")] == ["2026-03-01T09:00:00+00:00"]
    rows = [("anna@example.com", "2026-03-01T09:00Z"), ("bram@example.com", "2026-03-02T09:00Z")]
    visits_file(tmp_path / "v.csv", sandbox, rows)
    assert leat("import", "visits", "v.csv", on=sandbox).returncode == 0
    assert len(sandbox.rows("visits")) == 2
    assert not (tmp_path / "v.csv.rejects.csv").exists()


def test_a_token_that_ends_on_the_way_stops_the_run(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(300))
    sandbox.faults.add_text("reject visits.create status=401 nth=100")
    done = leat("import", "visits", "v.csv", on=sandbox)
    assert done.returncode == 3, done.stderr
    assert "same command again" in done.stderr
    assert leat("import", "visits", "v.csv", on=sandbox).returncode == 0
    assert len(sandbox.rows("visits")) == 300


def test_a_ledger_of_another_account_or_in_use_is_refused(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(2))
    assert leat("import", "visits", "v.csv", "--ledger", "v.ledger", on=sandbox).returncode == 0
    with Sandbox(seed=8) as other:
        done = leat("import", "visits", "v.csv", "--ledger", "v.ledger", on=other)
        assert (done.returncode, other.rows("visits")) == (2, [])
    assert "another account" in done.stderr
    lock = FileLock(tmp_path / "v.ledger")
    try:
        busy = leat("import", "visits", "v.csv", "--ledger", "v.ledger", on=sandbox)
    finally:
        lock.release()
    assert busy.returncode == 2
    assert "in use" in busy.stderr


def test_dry_run_checks_every_row_and_sends_nothing(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, [*good(3), ("bram@example.com", "gisteren")])
    done = leat("import", "visits", "v.csv", "--dry-run", on=sandbox)
    assert done.returncode == 1
    assert "line 5: starts_at: 'gisteren'" in done.stdout
    assert {entry.method for entry in sandbox.journal.entries()} == {"GET"}
    assert [path.name for path in tmp_path.iterdir()] == ["v.csv"]
    visits_file(tmp_path / "v.csv", sandbox, good(3))
    assert leat("import", "visits", "v.csv", "--dry-run").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "no such file"),
        (["v.csv", "--map", "Nope=source"], "no column 'Nope'"),
        (["v.csv", "--shop", "s", "--set", "shop_uuid=t"], "filled twice"),
        (["v.csv", "--timezone", "Mars/Base"], "no time zone"),
        (["v.csv", "--max-errors", "many"], "--max-errors"),
        (["v.csv", "--max-errors", "100%"], "--max-errors"),
        (["v.csv", "--max-errors", "-1"], "--max-errors"),
        (["v.csv", "--max-errors", "5,5%", "--dry-run"], "--max-errors"),
        (["v.csv", "--resend-unknown", "--accept-unknown"], "exclude each other"),
        (["v.csv", "--sandbox", "--ledger", "x"], "--sandbox"),
        (["v.csv", "--ledger", "v.csv"], "ledger"),
        (["v.csv", "--rejects", "v.csv"], "--rejects"),
        (["v.csv", "--rejects", "noshop.csv"], "no rejects file"),
        (["v.csv", "--rejects", "r.csv", "--report", "r.csv"], "--report"),
        (["v.csv", "--report", "."], "directory"),
        (["v.csv", "--report", "none/x.json"], "--report"),
        (["v.csv", "--on-change", "skip", "--batch", " "], "batch"),
        (["noshop.csv"], "--shop"),
    ],
)
def test_usage(leat: Leat, sandbox: Sandbox, tmp_path: Path, arguments: list[str], said: str) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(1))
    (tmp_path / "noshop.csv").write_text("email,start\n")
    content = (tmp_path / "v.csv").read_bytes()
    done = leat("import", "visits", *arguments, on=sandbox)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "v.csv").read_bytes() == content
    assert not sandbox.rows("visits")


def test_without_token_or_sandbox_it_says_what_to_set(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(1))
    done = leat("import", "visits", "v.csv")
    assert (done.returncode, done.stdout) == (3, "")
    assert "LEAT_ACCESS_TOKEN" in done.stderr
    assert "--sandbox" in done.stderr
    wrong = leat("import", "visits", "v.csv", on=sandbox, LEAT_ACCESS_TOKEN="wrong")
    assert (wrong.returncode, wrong.stdout) == (3, "")
    assert "nothing was sent" in wrong.stderr
    away = leat("import", "visits", "v.csv", on=sandbox, LEAT_BASE_URL="http://127.0.0.1:1")
    assert (away.returncode, away.stdout) == (4, "")
    assert [path.name for path in tmp_path.iterdir()] == ["v.csv"]
    assert leat("import", "visits", "v.csv", on=sandbox).returncode == 0


def test_max_errors_stops_early_and_can_go_on(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, [("nobody", "x")] * 20 + good(500))
    stopped = leat("import", "visits", "v.csv", "--max-errors", "10", on=sandbox)
    assert stopped.returncode == 6
    assert len(sandbox.rows("visits")) < 500
    assert len(rejects_of(tmp_path / "v.csv.rejects.csv")) >= 11
    share = leat("import", "visits", "v.csv", "--max-errors", "50%", on=sandbox)
    assert share.returncode == 1
    assert len(sandbox.rows("visits")) == 500
    assert len(rejects_of(tmp_path / "v.csv.rejects.csv")) == 20


def test_bookings_in_doubt_are_left_to_the_user(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "b.csv", sandbox, good(4))
    sandbox.faults.add_text("apply_then_drop bookings.create nth=2")
    done = leat("import", "bookings", "b.csv", on=sandbox)
    assert done.returncode == 5
    assert "--accept-unknown" in done.stdout
    assert "--resend-unknown" in done.stdout
    assert leat("import", "bookings", "b.csv", on=sandbox).returncode == 5
    assert len(sandbox.rows("bookings")) == 4
    assert leat("import", "bookings", "b.csv", "--accept-unknown", on=sandbox).returncode == 0
    assert len(sandbox.rows("bookings")) == 4
    visits_file(tmp_path / "c.csv", sandbox, good(6)[4:])
    sandbox.faults.add_text("drop_before bookings.create nth=1")
    assert leat("import", "bookings", "c.csv", on=sandbox).returncode == 5
    assert leat("import", "bookings", "c.csv", "--resend-unknown", on=sandbox).returncode == 0
    assert len(sandbox.rows("bookings")) == 6


def test_contacts(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("E-mail,Voornaam\nANNA@example.com,Anna\nzoe@example.com,Zoë\n", encoding="utf-8")
    done = leat("import", "contacts", "c.csv", on=sandbox)
    assert done.returncode == 1
    assert "attributes.firstname" in done.stdout
    assert "--on-change update" in done.stdout
    by_email = {row["email"]: row["attributes"] for row in sandbox.rows("contacts")}
    assert by_email["zoe@example.com"] == {"firstname": "Zoë"}
    assert by_email["anna@example.com"] == {}
    updated = leat("import", "contacts", "c.csv", "--update-existing", on=sandbox)
    assert updated.returncode == 0
    assert {row["email"]: row["attributes"] for row in sandbox.rows("contacts")}["anna@example.com"] == {
        "firstname": "Anna"
    }


def test_create_contacts_and_stdin(leat: Leat, sandbox: Sandbox) -> None:
    shop = sandbox.shops[0]["uuid"]
    lines = "".join(f'{{"email": "new{n % 3}@example.com", "start": "2026-03-0{n + 1}T10:00Z"}}\n' for n in range(6))
    arguments = ("import", "visits", "-", "--shop", shop, "--create-contacts", "--ledger", "v.ledger")
    done = leat(*arguments, stdin=lines, on=sandbox)
    assert done.returncode == 0, done.stderr
    assert leat(*arguments, stdin=lines, on=sandbox).returncode == 0
    assert len(sandbox.rows("visits")) == 6
    asked = [entry for entry in sandbox.journal.entries() if entry.operation == "contacts.find_or_create"]
    assert len(asked) == 3


@pytest.mark.alone
@ON_UNIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_without_waiting_for_answers_and_resumed(
    leat: Leat, sandbox: Sandbox, tmp_path: Path, number: signal.Signals
) -> None:
    # To wait for its answer would take the timeout, half a minute.
    sandbox.faults.add("hang", "visits.create", nth=50, applied=True)
    visits_file(tmp_path / "v.csv", sandbox, [("nobody", "x"), *good(3000)])
    command = [sys.executable, "-m", "leat_async", "import", "visits", "v.csv", "--rate", "1000000"]
    with subprocess.Popen(
        command, env=environment(sandbox), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while len(sandbox.rows("visits")) < 100:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(number)
        asked = time.monotonic()
        out, messages = process.communicate(timeout=30)
        took = time.monotonic() - asked
    assert process.returncode == 130, messages
    assert took < 10.0
    # One state: every row of the file is in it, those in doubt as the ledger has them, and how to go on.
    sums = {
        name: int(count.replace(",", "")) for name, count in re.findall(r"^([a-z ]+?) +([\d,]+)$", out, re.MULTILINE)
    }
    assert sum(sums.get(name, 0) for name in ("created", "rejected", "in doubt", "not sent yet")) == 3001
    [memory] = json.loads(leat("import", "status", "--json").stdout)
    assert sums.get("in doubt", 0) == memory["in_doubt"]
    assert ("may or may not be in Leat: the same command again asks Leat" in out) is bool(memory["in_doubt"])
    assert messages.count("the same command again goes on where this ended") == 1
    assert "Traceback" not in messages
    assert len(sandbox.rows("visits")) < 3000
    assert len(rejects_of(tmp_path / "v.csv.rejects.csv")) == 1
    again = leat("import", "visits", "v.csv", "--rate", "1000000", on=sandbox)
    assert again.returncode == 1, again.stderr
    assert len(sandbox.rows("visits")) == 3000


def test_the_messy_export_imports(leat: Leat, tmp_path: Path) -> None:
    sys.path.insert(0, str(EXAMPLES))
    try:
        from make_messy_restaurant import content, expected
    finally:
        sys.path.remove(str(EXAMPLES))
    assert (EXAMPLES / "messy_restaurant.csv").read_bytes() == content()
    options = ("--day-first", "--timezone", "Europe/Amsterdam", "--create-contacts")
    path, report = EXAMPLES / "messy_restaurant.csv", "report.json"
    dry = leat("import", "bookings", path, *options, "--sandbox", "--dry-run")
    assert dry.returncode == 1
    assert "does not exist in Europe/Amsterdam" in dry.stdout
    done = leat("import", "bookings", path, *options, "--sandbox", "--rejects", "r.csv", "--report", report)
    assert done.returncode == 1, done.stderr
    counts = expected()
    told = json.loads((tmp_path / report).read_text())
    assert (told["created"], told["rejected"], told["sandbox"]) == (
        counts["created"],
        counts["rejected"],
        counts["created"],
    )
    assert len(rejects_of(tmp_path / "r.csv", delimiter=";")) == counts["rejected"]


def test_the_example_is_what_its_generator_writes() -> None:
    sys.path.insert(0, str(EXAMPLES))
    try:
        from make_visits import COLUMNS, PATH, expected, rows
    finally:
        sys.path.remove(str(EXAMPLES))
    with PATH.open(encoding="utf-8", newline="") as file:
        held = list(csv.DictReader(file))
    assert held == list(rows())
    assert tuple(held[0]) == COLUMNS
    assert len(held) == expected()["rows"]


def test_the_main_job() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "run_main_job.py")],
        env=environment(), cwd=EXAMPLES.parent, capture_output=True, encoding="utf-8", timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as expected: 1,950 visits created, 50 rows refused" in done.stdout
