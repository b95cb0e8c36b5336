"""Imports of a programme from files: each kind by one declaration, with dry run, mapping, rejects and memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from leat_async import LeatClient
from leat_async.sandbox import Sandbox

from .conftest import Leat

LINES = '[{"external_identifier": "l", "name": "Soup", "quantity": 1, "price": 900, "total_amount": 900}]'


@attrs.frozen
class Case:
    """A command; the sandbox's table of what it makes; a file; the line that is changed, and the one that is wrong."""

    command: str
    table: str
    header: str
    rows: tuple[str, ...]
    changed: str
    wrong: str
    said: str
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.command


CASES = [
    Case(
        "credit-receptions",
        "loyalty_transactions",
        "E-mail;Points;Receipt;Shop",
        ("anna@example.com;12;R1;Garden Bistro", "bram@example.com;-3;R2;Garden Bistro"),
        "anna@example.com;13;R1;Garden Bistro",
        "anna@example.com;many;R3;Garden Bistro",
        "is no number",
        ("--ensure-identity",),
    ),
    Case(
        "contact-identifiers",
        "contact_identifiers",
        "Card number;E-mail;Card name",
        ("0042;anna@example.com;Gold", "0043;;Free"),
        "0042;anna@example.com;Silver",
        "0044;nobody@example.com;x",
        "there is no contact nobody@example.com",
    ),
    Case(
        "products",
        "products",
        "SKU;Name;Categories",
        ("p1;Soup;food, hot", "p2;Bread;food"),
        "p1;Tomato soup;food, hot",
        "p3;;food",
        "the name is missing",
    ),
    Case(
        "product-categories",
        "product_categories",
        "external_identifier;name",
        ("c1;Soups", "c2;Breads"),
        "c1;S",
        "c3;",
        "name",
    ),
    Case(
        "vouchers",
        "vouchers",
        "Code;Promotion;Valid until;E-mail",
        ("V1;Welcome;2090-01-01T00:00:00+00:00;anna@example.com", "V2;Welcome;;"),
        "V1;Welcome;2091-01-01T00:00:00+00:00;anna@example.com",
        "V3;Farewell;;",
        "no promotion 'Farewell'",
    ),
    Case(
        "orders",
        "orders",
        "Order number|E-mail|Shop|Status|Payment status|Order total|line_items",
        (
            f"o1|anna@example.com|Garden Bistro|COMPLETED|PAID|9,00|{LINES}",
            f"o2|anna@example.com|Garden Bistro|COMPLETED|PAID|9,00|{LINES}",
        ),
        f"o1|anna@example.com|Garden Bistro|CANCELLED|PAID|9,00|{LINES}",
        "o3|anna@example.com|Garden Bistro|COMPLETED|PAID|9,00|soup",
        "no list in JSON",
        ("--delimiter", "|"),
    ),
]


@pytest.fixture
async def account(sandbox: Sandbox) -> Sandbox:
    async with LeatClient(sandbox.token, base_url=sandbox.url) as client:
        await client.promotions.create(name="Welcome", description="Welcome")
        for name in ("food", "hot"):
            await client.product_categories.create(external_identifier=name, name=name)
    return sandbox


def told(ended: Any) -> str:
    """All that a command said, as one line."""
    return " ".join(f"{ended.stdout} {ended.stderr}".split())


def write(path: Path, case: Case, rows: tuple[str, ...]) -> None:
    text = "\n".join((case.header, *rows)) + "\n"
    path.write_text(text if "|" not in case.header else text.replace('"', '"'), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_file_of_each_kind(case: Case, leat: Leat, account: Sandbox, tmp_path: Path) -> None:
    before = len(account.rows(case.table))
    file = tmp_path / "f.csv"
    quoted = [row.replace(LINES, '"' + LINES.replace('"', '""') + '"') for row in (*case.rows, case.changed)]
    write(file, case, (*quoted[:-1], case.wrong))
    dry = leat("import", case.command, "f.csv", *case.options, "--dry-run", on=account)
    # A contact is looked up by the run only.
    unseen = "contact" in case.said
    assert (dry.returncode, len(account.rows(case.table))) == (0 if unseen else 1, before), told(dry)
    if not unseen:
        assert case.said in told(dry)
    done = leat(
        *("import", case.command, "f.csv", *case.options, "--save-mapping", "m.toml", "--report", "r.json"), on=account
    )
    assert done.returncode == 1, done.stderr
    assert case.said in told(done)
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["created"], report["rejected"]) == (2, 1)
    assert len(account.rows(case.table)) == before + 2
    assert case.wrong.split(";")[0].split("|")[0] in (tmp_path / "f.csv.rejects.csv").read_text()
    # The same again makes nothing, a changed row is refused, and updated where the API can.
    write(file, case, (quoted[-1], quoted[1]))
    options = ("--mapping", "m.toml", *case.options)
    again = leat("import", case.command, "f.csv", *options, "--rejects", "2.csv", on=account)
    assert again.returncode == 1, again.stderr
    assert "--on-change" in told(again)
    if case.command != "credit-receptions":
        changed = leat(
            *("import", case.command, "f.csv", *options, "--on-change", "update"),
            *("--rejects", "3.csv", "--report", "r.json"),
            on=account,
        )
        assert changed.returncode == 0, changed.stderr
        report = json.loads((tmp_path / "r.json").read_text())
        assert (report["updated"], report["skipped"]) == (1, 1)
    assert len(account.rows(case.table)) == before + 2


def test_credits_without_identities_are_told_and_gone_through(leat: Leat, account: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("email,credits,receipt\nanna@example.com,5,R1\nbram@example.com,6,R2\n")
    account.faults.add("apply_then_drop", "credit_receptions.create", nth=1)
    options = ("--shop", "Garden Bistro", "--concurrency", "1")
    done = leat("import", "credit-receptions", "c.csv", *options, on=account)
    assert done.returncode == 5, done.stderr
    assert "at most once" in told(done)
    assert "--ensure-identity" in told(done)
    # An attribute that is made later tells nothing of what was sent before.
    again = leat("import", "credit-receptions", "c.csv", *options, "--ensure-identity", on=account)
    assert again.returncode == 5, again.stderr
    assert len(account.rows("loyalty_transactions")) == 2
    listed = leat("import", "resolve", "--json", on=account)
    [row] = json.loads(listed.stdout)
    said = leat("import", "resolve", "--made", str(row["number"]), on=account)
    assert said.returncode == 0, said.stderr
    assert leat("import", "credit-receptions", "c.csv", *options, on=account).returncode == 0


def test_units_go_by_name_and_label(leat: Leat, account: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(
        "email,unit_value,unit,receipt\nanna@example.com,5,Visits,R1\nanna@example.com,5,purchase_amount,R2\n"
        "anna@example.com,5,bananas,R3\n"
    )
    options = ("--shop", "Garden Bistro", "--ensure-identity")
    done = leat("import", "credit-receptions", "c.csv", *options, on=account)
    assert done.returncode == 1
    assert "the account has no unit 'bananas'" in told(done)
    units = {row["uuid"]: row["name"] for row in account.rows("units")}
    assert {units[row["unit_uuid"]] for row in account.rows("loyalty_transactions")} == {"visits", "purchase_amount"}


def test_credits_that_nothing_identifies_need_a_batch(leat: Leat, account: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("email,credits\nanna@example.com,5\n")
    options = ("--shop", "Garden Bistro", "--ensure-identity")
    refused = leat("import", "credit-receptions", "c.csv", *options, on=account)
    assert refused.returncode == 1
    assert "neither an identity nor a moment" in told(refused)
    assert "--batch" in told(refused)
    for _ in range(2):
        done = leat("import", "credit-receptions", "c.csv", *options, "--batch", "opening balance", on=account)
        assert done.returncode == 0, done.stderr
    assert [row["credits"] for row in account.rows("loyalty_transactions")] == [5]


def test_a_run_of_credits_is_undone(leat: Leat, account: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("email,credits,receipt\nanna@example.com,5,R1\nbram@example.com,6,R2\n")
    options = ("--shop", "Garden Bistro", "--ensure-identity")
    assert leat("import", "credit-receptions", "c.csv", *options, on=account).returncode == 0
    dry = leat("import", "undo", "1", "--dry-run", on=account)
    assert (dry.returncode, len(account.rows("loyalty_transactions"))) == (0, 2), told(dry)
    assert "would be taken back 2" in told(dry)
    done = leat("import", "undo", "1", on=account)
    assert done.returncode == 0, told(done)
    assert sum(row["credits"] for row in account.rows("loyalty_transactions")) == 0
    again = leat("import", "undo", "1", on=account)
    assert "taken back before 2" in told(again)
    assert "taken back before 2" in told(leat("import", "undo", "1", "--dry-run", on=account))
    assert len(account.rows("loyalty_transactions")) == 4
    assert "credit_receptions" in told(leat("import", "status", "--kind", "credit-receptions", on=account))
    assert leat("import", "undo", "9", on=account).returncode == 2


def test_the_report_is_still_that_of_the_import_after_it_was_undone(
    leat: Leat, account: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text("email,credits,receipt\nanna@example.com,5,R1\nbram@example.com,6,R2\n")
    options = ("--shop", "Garden Bistro", "--ensure-identity")
    assert leat("import", "credit-receptions", "c.csv", *options, on=account).returncode == 0
    assert leat("import", "undo", "1", on=account).returncode == 0
    asked: dict[str, tuple[str, ...]] = {"credit_receptions": (), "credit_reversals": ("--kind", "credit-reversals")}
    for kind, which in asked.items():
        for run in ((), ("1",)):
            reported = leat("import", "report", *run, *which, "-o", "r.json", on=account)
            assert reported.returncode == 0, told(reported)
            report = json.loads((tmp_path / "r.json").read_text())
            assert (report["kind"], report["run"]["created"]) == (kind, 2)


def test_a_run_whose_ledger_is_a_database_is_undone(
    leat: Leat, account: Sandbox, tmp_path: Path, ledger_url: str
) -> None:
    (tmp_path / "c.csv").write_text("email,credits,receipt\nanna@example.com,5,R1\nbram@example.com,6,R2\n")
    kept = ("--ledger", ledger_url)
    given = leat(
        "import", "credit-receptions", "c.csv", "--shop", "Garden Bistro", "--ensure-identity", *kept, on=account
    )
    assert given.returncode == 0, told(given)
    assert "would be taken back 2" in told(leat("import", "undo", "1", "--dry-run", *kept, on=account))
    assert sum(row["credits"] for row in account.rows("loyalty_transactions")) == 11
    for said in ("taken back 2", "taken back before 2"):
        assert said in told(leat("import", "undo", "1", *kept, on=account))
        assert sum(row["credits"] for row in account.rows("loyalty_transactions")) == 0
    assert "taken back before 2" in told(leat("import", "undo", "1", "--dry-run", *kept, on=account))
    assert len(account.rows("loyalty_transactions")) == 4


def test_contacts_and_visits_go_many_in_a_call_when_asked(leat: Leat, account: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_text("email\n" + "".join(f"m{n}@example.com\n" for n in range(300)))
    lines = "".join(f"v{n};m{n}@example.com;2026-05-01T10:00:00+02:00\n" for n in range(300))
    (tmp_path / "visits.csv").write_text(f"external_id;email;starts_at\n{lines}")
    many = ("visits", "visits.csv", "--batch-calls", "--shop", "Garden Bistro")
    dry = leat("import", *many, "--dry-run", on=account)
    # Each address may have to be looked up; two calls, and the pages that show what they made.
    assert "calls, at most 310" in " ".join(told(dry).split())
    done = leat("import", "all", ".", "--batch-calls", "--shop", "Garden Bistro", on=account)
    assert done.returncode == 0, told(done)
    assert len(account.rows("visits")) == 300
    assert {"contacts.batch", "visits.batch"} <= {*account.journal.counts()}
    assert leat("import", "products", "p.csv", "--batch-calls", on=account).returncode == 2
