"""One memory for an account: repeated, renamed, corrected and changed files, as they are typed."""

from __future__ import annotations

import re
from pathlib import Path

from leat_async.sandbox import Sandbox

from .test_import_files import Here, account, here

__all__ = ["account", "here"]

OPTIONS = ("--shop", "Harbour Kitchen", "--create-contacts")
DAY1 = "contact_email,external_id,starts_at\nada@example.com,17,2026-05-01T20:00:00+02:00\n"
DAY2 = "contact_email,external_id,starts_at\nada@example.com,17,2026-05-02T20:00:00+02:00\n"


def made(account: Sandbox, kind: str) -> int:
    return len(account.rows(kind))


def bookings(count: int, guests: str = "2") -> str:
    lines = [f"guest{n}@example.com,2026-05-{1 + n % 28:02d}T{10 + n // 28}:00:00+02:00,{guests}" for n in range(count)]
    return "\n".join(["email,start,guests", *lines]) + "\n"


def test_a_fresh_export_under_another_name_makes_nothing_anew(here: Here, account: Sandbox) -> None:
    before = made(account, "bookings")
    assert here("bookings", "monday.csv", *OPTIONS, data=bookings(24)).code == 0
    again = here("bookings", "tuesday.csv", *OPTIONS, data=bookings(26))
    assert (again.code, made(account, "bookings") - before) == (0, 26)
    assert re.search(r"known from earlier runs +24\n", again.out)


def test_the_original_may_be_corrected_instead_of_the_rejects(here: Here, account: Sandbox, tmp_path: Path) -> None:
    before = made(account, "bookings")
    data = bookings(12).replace("guest3@example.com", "guest3")
    first = here("bookings", "b.csv", *OPTIONS, data=data)
    assert (first.code, made(account, "bookings") - before) == (1, 11)
    assert here("bookings", "b.csv", *OPTIONS, data=bookings(12)).code == 0
    assert made(account, "bookings") - before == 12
    # And the rejects as well, whoever still has them.
    (tmp_path / "mine.csv").write_text("email,start,guests\nguest3@example.com,2026-05-04T10:00:00+02:00,2\n")
    assert here("bookings", "mine.csv", *OPTIONS).code == 0
    assert made(account, "bookings") - before == 12
    assert "ledger of its own" not in first.out + first.err


def test_a_number_that_begins_anew_is_refused_and_told_of(here: Here, account: Sandbox) -> None:
    before = made(account, "visits")
    assert here("visits", "35_day1.csv", *OPTIONS, data=DAY1).code == 0
    for _ in range(2):
        second = here("visits", "35_day2.csv", *OPTIONS, data=DAY2)
        assert (second.code, made(account, "visits") - before) == (1, 1)
        for said in ("external_id '17'", "(starts_at)", "35_day1.csv", "--on-change update", "--id NUMBER,DAY"):
            assert said in second.out
    assert here("visits", "35_day2.csv", *OPTIONS, "--on-change", "skip").code == 0
    assert made(account, "visits") - before == 1
    changed = here("visits", "35_day2.csv", *OPTIONS, "--on-change", "update")
    assert changed.code == 0
    assert re.search(r"updated +1\n", changed.out)
    assert "fields that differ from what was known: starts_at (1)" in changed.out
    assert [row["starts_at"] for row in account.rows("visits")[before:]] == ["2026-05-02T18:00:00+00:00"]


def test_a_number_and_its_day_are_an_identifier(here: Here, account: Sandbox) -> None:
    before = made(account, "visits")
    for name, data in (("35_day1.csv", DAY1), ("35_day2.csv", DAY2), ("35_day1.csv", DAY1)):
        assert here("visits", name, *OPTIONS, "--id", "external_id,starts_at", data=data).code == 0
    assert made(account, "visits") - before == 2


def test_rejects_corrected_by_hand_are_not_written_over(here: Here, account: Sandbox, tmp_path: Path) -> None:
    before = made(account, "bookings")
    data = bookings(3).replace("guest1@example.com", "guest1")
    assert here("bookings", "b.csv", *OPTIONS, data=data).code == 1
    rejects = tmp_path / "b.csv.rejects.csv"
    written = rejects.read_text()
    assert here("bookings", "b.csv", *OPTIONS).code == 1
    assert rejects.read_text() == written
    assert not (tmp_path / "b.csv.rejects.2.csv").exists()
    mended = written.replace("guest1,", "guest1@example.com,")
    rejects.write_text(mended)
    again = here("bookings", "b.csv", *OPTIONS)
    assert again.code == 1
    assert rejects.read_text() == mended
    assert (tmp_path / "b.csv.rejects.2.csv").exists()
    assert "b.csv.rejects.csv was changed since it was written, and is left as it is" in " ".join(again.out.split())
    assert here("bookings", rejects.name, *OPTIONS).code == 0
    assert made(account, "bookings") - before == 3


def test_what_became_empty_is_emptied_when_asked(here: Here, account: Sandbox) -> None:
    head = "id,email,start,company\n7,ada@example.com,2026-05-01T20:00:00+02:00,"
    options = (*OPTIONS, "--map", "id=external_id", "--map", "company=company_name", "--on-change", "update")
    for company, more, expected in (
        ("Krab", (), "Krab"),
        ("", (), "Krab"),
        ("", (), "Krab"),
        ("", ("--clear-empty",), None),
        ("Krab", (), "Krab"),
        ("", ("--clear-empty",), None),
    ):
        done = here("bookings", "b.csv", *options, *more, data=f"{head}{company}\n")
        assert done.code == 0, done.out + done.err
        assert account.rows("bookings")[-1]["company_name"] == expected
        stays = "stay as they were in Leat: company_name (1); --clear-empty empties them"
        assert (stays in done.out) == (not company and expected is not None and "updated" in done.out)


def test_rows_with_neither_identifier_nor_moment_need_a_batch(here: Here, account: Sandbox) -> None:
    before = made(account, "visits")
    data = "email\nada@example.com\nada@example.com\n"
    for more in ((), ("--dry-run",)):
        refused = here("visits", "till.csv", *OPTIONS, *more, data=data)
        assert refused.code == 1
        assert "--batch NAME" in refused.out
    for batch in ("monday", "monday", "tuesday"):
        assert here("visits", "till.csv", *OPTIONS, "--batch", batch).code == 0
    assert made(account, "visits") - before == 4


def test_a_ledger_beside_the_file_is_gone_on_with_by_name(here: Here, account: Sandbox, tmp_path: Path) -> None:
    data = bookings(2)
    assert here("bookings", "b.csv", *OPTIONS, "--ledger", "b.csv.ledger", data=data).code == 0
    before = made(account, "bookings")
    refused = here("bookings", "b.csv", *OPTIONS)
    assert refused.code == 2
    assert "--ledger b.csv.ledger" in refused.err
    assert here("bookings", "b.csv", *OPTIONS, "--ledger", "b.csv.ledger").code == 0
    assert made(account, "bookings") == before


def test_a_nightly_run_writes_what_changed_and_asks_who_new_rows_name(here: Here, account: Sandbox) -> None:
    def export(count: int, changed: int) -> str:
        moments = [f"2026-05-{1 + n % 28:02d}T{10 + n // 28}:00:00+02:00" for n in range(count)]
        lines = [f"R{n},guest{n % 9}@example.com,{at},{4 if n < changed else 2}" for n, at in enumerate(moments)]
        return "\n".join(["id,email,start,guests", *lines]) + "\n"

    options = (*OPTIONS, "--map", "id=external_id", "--on-change", "update")
    assert here("bookings", "monday.csv", *options, data=export(120, 0)).code == 0
    account.journal.clear()
    assert here("bookings", "tuesday.csv", *options, data=export(130, 20)).code == 0
    counts = dict(account.journal.counts())
    assert (counts.pop("bookings.update"), counts.pop("bookings.create")) == (20, 10)
    # Ten new rows name nine contacts, who may have other addresses than yesterday.
    assert counts.pop("contacts.find_or_create") == 9
    # The shops, and whose account it is, for the command and for the ledger.
    assert counts == {"shops.list": 1, "system.health_check": 2}


def test_the_same_rejects_are_one_file_where_nothing_is_remembered(here: Here, tmp_path: Path) -> None:
    """Into the sandbox of the command there is no ledger that knows whose the file is."""
    data = bookings(3).replace("guest1@example.com", "guest1")
    for _ in range(3):
        done = here("bookings", "b.csv", "--sandbox", "--create-contacts", data=data)
        assert (done.code, "b.csv.rejects.csv" in done.out) == (1, True)
    rejects = tmp_path / "b.csv.rejects.csv"
    assert [path.name for path in tmp_path.glob("*rejects*")] == [rejects.name]
    rejects.write_text(rejects.read_text().replace("guest1", "guest1@example.com"))
    assert here("bookings", "b.csv", "--sandbox", "--create-contacts", data=data).code == 1
    assert sorted(path.name for path in tmp_path.glob("*rejects*")) == ["b.csv.rejects.2.csv", rejects.name]
