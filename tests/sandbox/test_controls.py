"""State, clock, snapshots, reset, the journal and the bounds of memory."""

from __future__ import annotations

import gc
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from leat_async.sandbox import Sandbox
from leat_async.sandbox import store as store_module
from leat_async.sandbox.engine import Call
from leat_async.sandbox.resources.vouchers import issue
from leat_async.sandbox.store import Store

from .conftest import ROOT, Api

# -- one seed, one account -------------------------------------------------------------------------


def test_a_seed_gives_the_same_account_and_the_same_answers(make_api: Callable[[Sandbox], Api]) -> None:
    answers: list[Any] = []
    for _ in range(2):
        with Sandbox(seed=7) as sandbox:
            answers.append((sandbox.shops, sandbox.contacts, make_api(sandbox).visit(source="x").json()))
    assert answers[0] == answers[1]
    assert Sandbox(seed=8).shops != answers[0][0]


def test_without_a_seed_the_clock_is_the_wall_clock() -> None:
    assert abs(Sandbox().clock.now() - time.time()) < 5
    assert Sandbox(seed=1).clock.datetime().date() == datetime(2026, 1, 5, tzinfo=UTC).date()
    assert Sandbox(start=datetime(2020, 1, 1, tzinfo=UTC)).clock.datetime().year == 2020


@pytest.mark.parametrize(
    ("name", "wrong"),
    {
        "port": ("x", -1, 2**16, True, None),
        "seed": ("x", 1.5, True),
        "state": (5, b"x"),
        "host": (5, "", None),
        "allow_remote": ("no", 1),
        "allowed_hosts": ("a.example", 5, [5]),
        "tokens": ("s3cret", 5, ["s3cret", ""], None),
        "token_lifetime": ("x", 0, float("nan")),
        "rate_limit": (5, (0, 60), (1, 0), ("a", 1), (1,), None),
        "unauthenticated": ("x", None),
        "unique_external_ids": ("no",),
        "journal_size": (-1, 1.5, None),
        "start": (5, "2020-01-01", datetime(2020, 1, 1)),
        "order_rule": (5,),
    }.items(),
)
def test_what_a_sandbox_can_not_be_made_with_is_named(name: str, wrong: tuple[Any, ...]) -> None:
    for value in wrong:
        with pytest.raises(ValueError, match=f"{name} must be .*, got") as caught:
            Sandbox(**{name: value})
        assert "s3cret" not in str(caught.value)


def test_lists_of_texts_may_come_but_once() -> None:
    with Sandbox(tokens=(each for each in ("one", "two"))) as sandbox:
        for token in (sandbox.token, "one", "two"):
            found = requests.get(
                f"{sandbox.url}/api/v3/oauth/clients/shops", headers={"Authorization": f"Bearer {token}"}
            )
            assert found.status_code == 200


def test_the_demo_account_has_a_weekly_rhythm() -> None:
    sandbox = Sandbox(seed="demo")
    assert len(sandbox.contacts) >= 300
    rows = sandbox.rows("loyalty_transactions")
    days = [datetime.fromtimestamp(row["created_at"], UTC).weekday() for row in rows]
    assert len(rows) > 3000
    assert days.count(0) == 0
    assert days.count(5) > 2 * days.count(1)
    moments = [row["created_at"] for row in rows]
    assert moments == sorted(moments)
    assert 700 * 86400 < moments[-1] - moments[0] < 740 * 86400
    totals = dict.fromkeys((contact["uuid"] for contact in sandbox.contacts), 0)
    for row in rows:
        totals[row["contact_uuid"]] += row["credits"]
    assert all(row["credits"] == totals[row["uuid"]] for row in sandbox.rows("contacts"))


# -- time ------------------------------------------------------------------------------------------


def test_time_moves_by_itself_and_when_told_to(sandbox: Sandbox) -> None:
    first = sandbox.clock.now()
    time.sleep(0.02)
    second = sandbox.clock.now()
    assert 0.02 <= second - first < 5
    assert sandbox.clock.advance(3600) - second >= 3600
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="forward"):
            sandbox.clock.advance(wrong)


def test_rate_windows_roll(make_api: Callable[[Sandbox], Api]) -> None:
    with Sandbox(rate_limit=(3, 60)) as sandbox:
        api = make_api(sandbox)
        assert [api("GET", "/shops").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        sandbox.clock.advance(60)
        assert api("GET", "/shops").headers["X-RateLimit-Remaining"] == "2"


# -- transactions, snapshots, reset ----------------------------------------------------------------


def test_a_request_that_fails_half_way_leaves_nothing() -> None:
    store = Store({"things": ("kind",)}, 1)
    with store.transaction():
        kept = [store.insert("things", kind="a", size=size) for size in range(3)]
    before = dict(store["things"].rows)

    def fail_half_way() -> None:
        with store.transaction():
            store["things"].update(kept[0], kind="b")
            store["things"].delete(kept[1])
            store.insert("things", kind="c", size=9)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert list(store["things"].rows.items()) == list(before.items())
    assert [row["size"] for row in store["things"].find("kind", "a")] == [0, 1, 2]
    assert store["things"].find("kind", "b") == store["things"].find("kind", "c") == []
    assert store.insert("things", kind="d")["id"] == 4  # no number is lost either


def test_snapshot_and_restore(sandbox: Sandbox, api: Api) -> None:
    api.visit(external_id="e1")
    sandbox.snapshot("one visit")
    api.visit(external_id="e2")
    sandbox.restore("one visit")
    assert [row["external_id"] for row in sandbox.rows("visits")] == ["e1"]
    assert api.visit(external_id="e2").status_code == 200  # its id is free again
    assert api.visit(external_id="e1").status_code == 400
    with pytest.raises(KeyError):
        sandbox.restore("none")


def test_reset_returns_to_the_start(sandbox: Sandbox, api: Api) -> None:
    contacts, start = sandbox.contacts, sandbox.clock.now()
    first = api.visit(external_id="e1").json()
    sandbox.create_contact()
    sandbox.faults.add("server_error", "shops.list")
    sandbox.clock.advance(10_000)
    sandbox.reset()
    assert (sandbox.contacts, sandbox.rows("visits"), len(sandbox.journal)) == (contacts, [], 0)
    assert sandbox.clock.now() - start < 5000
    assert api("GET", "/shops").headers["X-RateLimit-Remaining"] == "4999"
    assert api.visit(external_id="e1").json()["data"]["uuid"] == first["data"]["uuid"]


def test_what_waited_for_longer_than_the_reset_is_not_applied(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add("delay", "visits.create", seconds=0.3)
    sandbox.faults.add("apply_late", "bookings.create", seconds=60)
    for path in ("/visits", "/bookings"):
        body = {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"]}
        api.leave(path, body)
    sandbox.reset()
    time.sleep(0.5)
    sandbox.clock.advance(100)
    assert sandbox.rows("visits") == sandbox.rows("bookings") == []


def fill(sandbox: Sandbox, count: int) -> None:
    """Put visits there by the shortest way."""
    with sandbox._store.transaction():
        for number in range(count):
            sandbox._store.insert(
                "visits", contact_uuid=f"c{number % 500}", shop_uuid="s", external_id=f"e{number}", source=None,
                starts_at=None, ends_at=None, created_at=number,
            )  # fmt: skip


def calls_of(work: Callable[[], object]) -> int:
    """Calls that some work makes, of Python and of C: the same on any machine, however busy."""
    made = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


def test_reset_of_ten_thousand_entities_takes_a_small_part_of_making_them() -> None:
    sandbox = Sandbox(seed=1)
    made = calls_of(lambda: fill(sandbox, 10_000))
    reset = calls_of(sandbox.reset)
    assert sandbox.rows("visits") == []
    assert made > 10_000
    assert reset < 100


def test_reset_is_as_fast_when_every_kind_of_money_is_there() -> None:
    sandbox = Sandbox(seed=1)
    with sandbox._store.transaction():
        store, contact = sandbox._store, sandbox.contacts[0]["uuid"]
        promotion = next(row for row in store["promotions"].rows.values() if row["limit_per_contact"] is None)
        for number in range(2500):
            card = store.insert("giftcards", hash=f"h{number}", program_uuid=f"p{number % 2}", amount_in_cents=0)
            store.insert("giftcard_transactions", card_uuid=card["uuid"], amount_in_cents=1)
            store.insert("prepaid_transactions", contact_uuid=f"c{number % 500}", amount_in_cents=1)
            issue(store, promotion, number, contact_uuid=contact)
    reset = calls_of(sandbox.reset)
    assert sandbox.rows("vouchers") == []
    assert reset < 100


def test_memory_is_flat_once_the_journal_is_full() -> None:
    sandbox = Sandbox(seed=1, journal_size=200)
    engine = sandbox._engine

    def load(count: int) -> None:
        for number in range(count):
            body = b'{"email": "a%d"}' % number * 300
            engine.serve(
                engine.receive("POST", ROOT + "/contacts", f"Bearer {sandbox.token}", "application/json", body)
            )

    load(400)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    load(1000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(sandbox.journal) == 200
    assert sandbox.journal.counts() == {"contacts.create": 1400}
    # Refilled once, the journal may weigh anew what it weighed before tracing; not five times as much.
    assert grown < 200 * 3 * 4096


def test_tokens_and_windows_are_bounded() -> None:
    sandbox = Sandbox(tokens="any")
    engine = sandbox._engine
    first, _ = engine.issue_token()
    for number in range(3000):  # all within the lifetime of a token, and within one window
        last, _ = engine.issue_token()
        engine.serve(engine.receive("GET", ROOT, f"Bearer t{number}", "", b""))
    assert len(engine.tokens) <= 1002
    assert len(engine.limiter._windows) <= 1000
    assert sandbox.token in engine.tokens
    assert (first in engine.tokens, last in engine.tokens) == (False, True)
    for number in range(31):  # besides the one of the start
        sandbox.snapshot(str(number))
    with pytest.raises(ValueError, match="snapshots"):
        sandbox.snapshot("one more")


def test_faults_are_bounded(sandbox: Sandbox) -> None:
    for _ in range(1000):
        sandbox.faults.add("delay", "shops.list", nth=9)
    with pytest.raises(ValueError, match="1000 faults"):
        sandbox.faults.add("delay")


def test_the_journal_keeps_a_part_of_what_is_long(sandbox: Sandbox) -> None:
    engine = sandbox._engine
    body = json.dumps({f"{number}" * 1000: "x" * 1000 for number in range(100)}).encode()
    received = engine.receive("POST", f"{ROOT}/contacts?{'a' * 8000}", f"Bearer {sandbox.token}", "x" * 8000, body)
    engine.serve(received)
    assert len(str(sandbox.journal.entries()[0].describe())) < 25_000


def test_the_state_is_bounded(sandbox: Sandbox, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill() -> list[int]:
        return [api("POST", "/contacts", json={"email": f"{number}@example.com"}).status_code for number in range(60)]

    def weight() -> int:
        tables = (sandbox._store[table].rows.values() for table in sandbox.tables)
        return sum(len(msgspec.json.encode(row)) for rows in tables for row in rows)

    sandbox.snapshot("before")
    most = weight() * 8 // 7 + 20_000
    monkeypatch.setattr(store_module, "MAX_STATE", most)
    answers = fill()
    assert set(answers) == {200, 507}
    assert len(sandbox.contacts) == 3 + answers.count(200)
    assert most * 3 // 4 < weight() <= most  # the estimate alone refuses nothing
    kept = sandbox.rows("contacts")[-1]["uuid"]
    assert api("PUT", f"/contacts/{kept}", json={"attributes": {"firstname": "A" * 9000}}).status_code == 507
    assert api("PUT", f"/contacts/{kept}", json={"attributes": {"channel": "x"}}).status_code == 400
    sandbox.restore("before")
    assert 200 in fill()


def test_deferred_work_is_looked_for_when_it_is_due(sandbox: Sandbox, api: Api) -> None:
    uuids = [sandbox.create_contact()["uuid"] for _ in range(50)]
    for uuid in uuids:
        assert api("POST", f"/contacts/{uuid}/delete", json={"type": "DEFAULT"}).status_code == 200
    assert calls_of(lambda: sandbox._engine.settle()) < 10
    sandbox.snapshot("planned")
    sandbox.clock.advance(600)
    assert len(sandbox.contacts) == 3
    sandbox.restore("planned")
    assert len(sandbox.contacts) == 3  # it is due at once


# -- the state file --------------------------------------------------------------------------------


def test_the_state_file_survives_restarts(tmp_path: Path, make_api: Callable[[Sandbox], Api]) -> None:
    file = tmp_path / "state.db"
    with Sandbox(seed=3, state=file) as sandbox:
        api = make_api(sandbox)
        made = api.visit(external_id="e1").json()["data"]
        api("PUT", f"/visits/{made['uuid']}", json={"source": "changed"})
        api("POST", f"/contacts/{sandbox.contacts[1]['uuid']}/delete", json={"type": "GDPR"})
        contacts = sandbox.contacts
        sandbox.clock.advance(60)
        api.visit()
        last = sandbox.clock.now()
    with Sandbox(seed=3, state=file) as sandbox:
        api = make_api(sandbox)
        assert sandbox.contacts == contacts
        assert sandbox.clock.now() >= int(last)  # nothing in the file is in the future
        assert api("GET", f"/visits/{made['uuid']}").json()["data"]["source"] == "changed"
        assert api.visit(external_id="e1").status_code == 400
        assert api.visit(external_id="e2").json()["data"]["uuid"] != made["uuid"]
        sandbox.clock.advance(1000)  # the removal planned before lands
        assert len(sandbox.contacts) == len(contacts) - 1
        sandbox.reset()
        assert len(sandbox.rows("visits")) == 2
    with Sandbox(state=file) as sandbox:
        assert len(sandbox.rows("visits")) == 2


def test_the_state_file_of_a_sandbox_that_never_ran_is_closed(tmp_path: Path) -> None:
    """Newer Pythons warn of a connection that is left open."""
    sandbox = Sandbox(state=tmp_path / "state.db")
    file = sandbox._store._file
    assert file is not None
    del sandbox
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        file.execute("SELECT 1")


def test_a_state_file_belongs_to_one_sandbox(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with Sandbox(state=file), pytest.raises(sqlite3.OperationalError, match="locked"):
        Sandbox(state=file)


def test_a_full_disk_is_what_is_told_of(tmp_path: Path) -> None:
    """SQLite takes the changes back itself then, and taking them back once more would be another error."""
    with Sandbox(state=tmp_path / "state.db") as sandbox:
        file = sandbox._store._file
        assert file is not None
        (pages,) = file.execute("PRAGMA page_count").fetchone()
        file.execute(f"PRAGMA max_page_count = {pages}")
        for table in sandbox._store.tables.values():
            table.load({f"{n}": {"id": n, "uuid": f"{n}", "text": "x" * 1000} for n in range(100)})
        with pytest.raises(sqlite3.OperationalError, match="full"):
            sandbox._store._rewrite(file)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on Windows")
def test_what_was_answered_is_kept_when_the_process_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "leat_async.sandbox", "--port", "0", "--state", str(tmp_path / "s.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url, token = (process.stdout.readline().strip().partition("=")[2] for _ in range(2))
    headers = {"Authorization": f"Bearer {token}"}
    answered: list[str] = []

    def create() -> None:
        number = 0
        try:
            with requests.Session() as session:
                while True:
                    email = {"email": f"{number}@example.com"}
                    answer = session.post(url + ROOT + "/contacts", json=email, headers=headers, timeout=5)
                    answered.append(answer.json()["data"]["uuid"])
                    number += 1
        except requests.RequestException:
            pass

    writer = threading.Thread(target=create)
    writer.start()
    while len(answered) < 50:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    writer.join()
    with Sandbox(state=tmp_path / "s.db") as sandbox:
        assert set(answered) <= {contact["uuid"] for contact in sandbox.contacts}


def test_nothing_is_written_without_a_state_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_api: Callable[[Sandbox], Api]
) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[Any] = []
    watching = True
    sys.addaudithook(lambda event, args: opened.append(args) if watching and event == "open" else None)
    with Sandbox(seed=1) as sandbox:
        api = make_api(sandbox)
        opened.clear()
        api.visit()
        assert api("GET", "/contacts").status_code == 200
        sandbox.reset()
        watching = False
    mine = [args for args in opened if "requests" not in str(args[0]) and "netrc" not in str(args[0])]
    assert mine == []
    assert list(tmp_path.iterdir()) == []


# -- threads and life ------------------------------------------------------------------------------


def test_controls_from_other_threads(sandbox: Sandbox, api: Api) -> None:
    failures: list[BaseException] = []

    def turn() -> None:
        try:
            for number in range(30):
                sandbox.create_contact()
                sandbox.faults.add("delay", "visits.get", seconds=0)
                sandbox.clock.advance(1)
                sandbox.journal.entries()
                if number % 10 == 0:
                    sandbox.snapshot(str(threading.get_ident()))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        assert api.visit().status_code == 200
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(sandbox.contacts) == 3 + 4 * 30
    assert len(sandbox.rows("visits")) == 60


def test_only_loopback_unless_told_otherwise() -> None:
    for host in ("0.0.0.0", "192.168.1.1", "::", "example.com"):
        with pytest.raises(ValueError, match="allow_remote"):
            Sandbox(host=host)
    Sandbox(host="0.0.0.0", allow_remote=True)
    Sandbox(host="localhost")


def test_a_port_that_is_taken_is_an_error() -> None:
    with Sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"), Sandbox(port=port):
            pass
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url


def test_a_handler_that_breaks_is_a_500_in_the_log_and_rolled_back(
    sandbox: Sandbox, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Call, "now", lambda self: 1 / 0)
    assert api.visit().status_code == 500
    monkeypatch.undo()
    assert "ZeroDivisionError" in caplog.text
    assert sandbox.rows("visits") == []
    assert api.visit().status_code == 200


def test_a_field_takes_no_value_that_could_not_be_shown(sandbox: Sandbox) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    wrong: list[tuple[str, object, str]] = [
        ("credits", "5", "is like 0, not like '5'"),
        ("credits", True, "is like 0, not like True"),
        ("attributes", [], r"is like \{\}, not like \[\]"),
        ("created_at", 10**15, "is at most 221845392000"),
        ("created_at", 10**40, "JSON cannot hold|at most"),
        ("email", "\ud800", "JSON cannot hold"),
    ]
    before = sandbox.rows("contacts")
    for field, value, text in wrong:
        with pytest.raises(ValueError, match=text):
            sandbox.change("contacts", uuid, **{field: value})
    assert sandbox.rows("contacts") == before
    assert sandbox.change("contacts", uuid, credits=5.5, last_transaction=1)["credits"] == 5.5


def test_time_ends_before_dates_do(sandbox: Sandbox, api: Api) -> None:
    for _ in range(220):
        sandbox.clock.advance(1e9)
    with pytest.raises(ValueError, match="up to the year 9000"):
        sandbox.clock.advance(1e9)
    created = api("POST", "/contacts", json={"email": "late@example.com"})
    assert created.json()["data"]["uuid"] in api("GET", "/contacts").text
    with pytest.raises(ValueError, match="before the year 9000"):
        Sandbox(start=datetime(9500, 1, 1, tzinfo=UTC))
