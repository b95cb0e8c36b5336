"""A whole programme in one command: several kinds in their order, resumed as a whole, and nothing twice."""

from __future__ import annotations

import gzip
import json
import operator
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from ..forking import Forks, environment, piped
from .conftest import Leat
from .test_imports import ON_UNIX

SHOP = ("--shop", "Garden Bistro")


def told(ended: Any) -> str:
    return " ".join(f"{ended.stdout} {ended.stderr}".split())


def members(count: int, **changed: int) -> str:
    lines = ["Naam;E-mail;Kaartnummer;Punten"]
    for n in range(count):
        points = changed.get(f"m{n}", n + 1)
        card = f"{n:06}" if n % 3 else ""
        lines.append(f"Lid {n};lid{n}@example.com;{card};{points if n % 5 else ''}")
    return "\n".join(lines) + "\n"


def counts(sandbox: Sandbox) -> tuple[int, int, int]:
    tables = ("contacts", "contact_identifiers", "loyalty_transactions")
    return tuple(len(sandbox.rows(table)) for table in tables)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["notes.json", "members.csv", "link.json"])
def test_a_report_of_all_is_written_over_nothing_else(leat: Leat, sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    (tmp_path / "members.csv").write_text(members(3))
    (tmp_path / "notes.json").write_text('{"imports": []}')
    (tmp_path / "link.json").symlink_to("members.csv")
    before = counts(sandbox)
    (tmp_path / "contacts.csv").write_text("email\nanna@example.com\n")
    for kind in (("balances", "members.csv"), ("all", ".")):
        ended = leat("import", *kind, *SHOP, "--report", name, on=sandbox)
        assert ended.returncode == 2, told(ended)
    assert counts(sandbox) == before
    assert (tmp_path / "members.csv").read_text() == members(3)
    assert (tmp_path / "notes.json").read_text() == '{"imports": []}'


def test_balances_make_members_cards_and_points_once(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text(members(30))
    before = counts(sandbox)
    dry = leat("import", "balances", "members.csv", *SHOP, "--dry-run", on=sandbox)
    assert dry.returncode == 0, told(dry)
    assert counts(sandbox) == before
    done = leat("import", "balances", "members.csv", *SHOP, "--report", "r.json", on=sandbox)
    assert done.returncode == 0, told(done)
    cards, points = 20, [n + 1 for n in range(30) if n % 5]
    assert counts(sandbox) == (before[0] + 30, before[1] + cards, before[2] + len(points))
    assert sum(row["credits"] for row in sandbox.rows("loyalty_transactions")) == sum(points)
    kinds = [each["kind"] for each in json.loads((tmp_path / "r.json").read_text())["imports"]]
    assert kinds == ["contacts", "contact_identifiers", "credit_receptions"]
    assert os.name != "posix" or (tmp_path / "r.json").stat().st_mode & 0o077 == 0
    after = counts(sandbox)
    again = leat("import", "balances", "members.csv", *SHOP, "--report", "r.json", on=sandbox)
    assert (again.returncode, counts(sandbox)) == (0, after), told(again)
    # Points that have changed are no second balance.
    (tmp_path / "members.csv").write_text(members(30, m7=99).replace("Lid 8;", "Lid acht;"))
    changed = leat("import", "balances", "members.csv", *SHOP, "--on-change", "update", on=sandbox)
    assert changed.returncode == 1
    assert "can't change credits" in told(changed)
    assert counts(sandbox) == after
    other = leat("import", "balances", "members.csv", *SHOP, "--batch", "bonus", on=sandbox)
    assert (other.returncode, counts(sandbox)[2]) == (0, after[2] + len(points)), told(other)


@pytest.mark.parametrize("kind", [("balances", "members.csv"), ("all", "in", "--batch", "opening balance")])
def test_all_of_it_goes_into_one_sandbox(leat: Leat, tmp_path: Path, kind: tuple[str, ...]) -> None:
    (tmp_path / "members.csv").write_text(members(3))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "contacts.csv").write_text("email\nlid1@example.com\nlid2@example.com\n")
    (tmp_path / "in" / "credit-receptions.csv").write_text("contact_email,credits\nlid1@example.com,2\n")
    ended = leat("import", *kind, "--sandbox")
    # Credits are for contacts that the import before made, in a shop of the demo account's.
    assert ended.returncode == 0, told(ended)
    assert "credit_receptions in the sandbox" in told(ended)
    assert not [*tmp_path.glob("*.rejects.*"), *tmp_path.glob("in/*.rejects.*")]


def test_one_file_says_that_there_is_one_balance_each_and_none_of_nothing(
    leat: Leat, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "move.toml").write_text(
        '[contacts]\nfile = "m.csv"\n[credit-receptions]\nfile = "m.csv"\nshop = "Garden Bistro"\n'
        'one_each = "opening balance"\nonly_with = ["credits"]\n'
    )
    before = counts(sandbox)
    (tmp_path / "m.csv").write_text("E-mail,Spaarpunten\nA@example.com,5\nb@example.com,0\nc@example.com,0.00\n")
    for _ in range(2):
        done = leat("import", "all", "move.toml", on=sandbox)
        assert done.returncode == 0, told(done)
        assert counts(sandbox) == (before[0] + 3, before[1], before[2] + 1)
    # Written otherwise it is the same member's, and a first balance is no change.
    (tmp_path / "m.csv").write_text("E-mail,Spaarpunten\na@example.com,6\nb@example.com,7\nc@example.com,0\n")
    changed = leat("import", "all", "move.toml", on=sandbox)
    assert changed.returncode == 1, told(changed)
    assert counts(sandbox) == (before[0] + 3, before[1], before[2] + 2)


def test_a_column_that_the_last_import_misses_is_told_before_the_first_begins(
    leat: Leat, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "members.csv").write_text("E-mail,Kaart,Sterren\na@example.com,1,5\n")
    before = counts(sandbox)
    ended = leat("import", "balances", "members.csv", *SHOP, on=sandbox)
    assert ended.returncode == 2
    # `--map` would be refused here.
    said = 'no column holds the credits or their value: "COLUMN" = "credits" in [credit-receptions.columns] of a file'
    assert f"{said} that `leat import all` reads (or unit_value); the file has" in told(ended)
    assert "--map" not in told(ended)
    assert counts(sandbox) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("E-mail,Mail,Kaart,Punten\na@example.com,a@example.com,1,5\n", '"E-mail" = "email" in [contacts.columns]'),
        ("Leden 2026,,\nE-mail,Kaart,Punten\na@example.com,1,5\n", "header_row = 2 in [contacts] of a file"),
    ],
)
def test_what_to_do_is_said_in_words_that_several_imports_take(
    leat: Leat, sandbox: Sandbox, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "members.csv").write_text(text)
    ended = leat("import", "balances", "members.csv", *SHOP, on=sandbox)
    assert (ended.returncode, "--map" in told(ended), "--header-row" in told(ended)) == (2, False, False)
    assert said in told(ended)


def test_what_an_import_asks_of_the_account_is_asked_once(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_text("email,Voornaam\na@example.com,Anna\n")
    done = leat("import", "all", ".", on=sandbox)
    assert (done.returncode, sandbox.journal.counts()["contact_attributes.list"]) == (0, 1), told(done)
    # The name was guessed.
    assert "--map" not in told(done)
    assert '"COLUMN" = "parameter" in [contacts.columns] of a file that `leat import all` reads' in told(done)


def test_balances_come_from_stdin(leat: Leat, sandbox: Sandbox) -> None:
    before = counts(sandbox)
    done = leat("import", "balances", "-", *SHOP, stdin="E-mail,Kaart,Punten\na@example.com,1,5\n", on=sandbox)
    assert done.returncode == 0, told(done)
    assert counts(sandbox) == (before[0] + 1, before[1] + 1, before[2] + 1)


def test_what_stops_one_import_stops_those_that_follow_and_the_same_again_goes_on(
    leat: Leat, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "members.csv").write_text(members(12))
    before = counts(sandbox)
    sandbox.faults.add("reject", "contact_identifiers.create", first=100, status=403, code=1000, message="No.")
    stopped = leat("import", "balances", "members.csv", *SHOP, on=sandbox)
    assert stopped.returncode == 3, told(stopped)
    assert "credit-receptions not begun" in told(stopped)
    sandbox.faults.clear()
    done = leat("import", "balances", "members.csv", *SHOP, on=sandbox)
    assert done.returncode == 0, told(done)
    assert counts(sandbox) == (before[0] + 12, before[1] + 8, before[2] + 9)


def test_a_directory_is_imported_in_its_order(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "contacts.csv").write_text("email\nnew@example.com\n")
    (folder / "contact-identifiers.csv").write_text("card,email\n7,new@example.com\n8,nobody@example.com\n")
    (folder / "products.csv").write_text("sku,name,categories\np1,Soup,food\n")
    (folder / "product-categories.jsonl").write_text('{"external_identifier": "food", "name": "Food"}\n')
    (folder / "notes.csv").write_text("anything\n")
    done = leat("import", "all", "in", on=sandbox)
    assert done.returncode == 1, told(done)
    assert "there is no contact nobody@example.com" in told(done)
    assert "8,nobody@example.com" in (folder / "contact-identifiers.csv.contact-identifiers.rejects.csv").read_text()
    assert [row["name"] for row in sandbox.rows("products")][-1] == "Soup"
    assert [row["value"] for row in sandbox.rows("contact_identifiers")] == ["7"]


def test_a_file_names_several_imports(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text("Adres;Wie;Tegoed\nlid@example.com;Zoë;12\nlid2@example.com;Bo;\n")
    (tmp_path / "move.toml").write_text(
        '[credit-receptions]\nfile = "members.csv"\nshop = "Garden Bistro"\nbatch = "opening"\nensure_identity = true\n'
        'only_with = ["credits"]\n[credit-receptions.columns]\nTegoed = "credits"\nAdres = "contact_email"\n'
        '[contacts]\nfile = "members.csv"\n[contacts.columns]\nAdres = "email"\nWie = "attributes.firstname"\n'
    )
    done = leat("import", "all", "move.toml", on=sandbox)
    assert done.returncode == 0, told(done)
    assert [row["attributes"] for row in sandbox.rows("contacts")][-2:] == [{"firstname": "Zoë"}, {"firstname": "Bo"}]
    assert [row["credits"] for row in sandbox.rows("loyalty_transactions")] == [12]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[contact]\nfile = "m.csv"\n', "did you mean 'contacts'"),
        ("[contacts]\n", "must be a table that names its file"),
        ('contacts = "m.csv"\n', "must be a table that names its file"),
        ('[contacts]\nfile = "m.csv"\nbatch = 7\n', "batch of [contacts] has a value of another kind"),
        ('[contacts]\nfile = "m.csv"\ncolour = "red"\n', "there is no setting 'colour'"),
        ('[contacts]\nfile = "m.csv"\non_change = "upsert"\n', "on_change is one of reject, update, skip"),
        ("", "no import is in it"),
        ("=", "can't be read"),
    ],
)
def test_files_that_name_no_imports(leat: Leat, sandbox: Sandbox, tmp_path: Path, toml: str, said: str) -> None:
    (tmp_path / "p.toml").write_text(toml)
    ended = leat("import", "all", "p.toml", on=sandbox)
    assert ended.returncode == 2
    assert said in told(ended)


def test_directories_that_hold_no_imports(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    assert "no file called contacts" in told(leat("import", "all", "d", on=sandbox))
    (tmp_path / "d" / "contacts.csv").write_text("email\n")
    (tmp_path / "d" / "contacts.jsonl").write_text("{}\n")
    assert "both hold contacts" in told(leat("import", "all", "d", on=sandbox))
    nowhere = leat("import", "all", "nowhere", on=sandbox)
    assert (nowhere.returncode, told(nowhere)) == (2, "leat: nowhere: there is no such file or directory")


@pytest.mark.parametrize("name", ["Contacts.CSV", "contacts.csv.gz"])
def test_a_file_is_called_as_a_kind_however_it_is_written(
    leat: Leat, sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    (tmp_path / "d").mkdir()
    text = b"email\nanna@example.com\n"
    (tmp_path / "d" / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    done = leat("import", "all", "d", on=sandbox)
    assert done.returncode == 0, told(done)
    assert "anna@example.com" in [row["email"] for row in sandbox.rows("contacts")]


@ON_UNIX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=str)
@pytest.mark.parametrize(
    ("operation", "nth", "there", "left"),
    [
        ("contact_attributes.list", 1, (0, 0, 0), None),
        ("contacts.create", 12, (12, 0, 0), "contact-identifiers, credit-receptions"),
        # Each import asks it twice before its first row: one has ended, and the next has not begun.
        ("system.health_check", 3, (12, 0, 0), "credit-receptions"),
        ("contact_identifiers.create", 8, (12, 8, 0), "credit-receptions"),
        ("system.health_check", 5, (12, 8, 0), ""),
        ("credit_receptions.create", 9, (12, 8, 9), ""),
    ],
)
def test_it_is_killed_between_two_imports_or_in_one_and_gone_on_with(
    leat: Leat,
    forks: Forks | None,
    sandbox: Sandbox,
    tmp_path: Path,
    operation: str,
    nth: int,
    there: tuple[int, int, int],
    left: str | None,
    number: int,
) -> None:
    (tmp_path / "members.csv").write_text(members(12))
    before = counts(sandbox)
    so_far = tuple(map(operator.add, before, there))
    # What hangs is made, and nobody is told.
    sandbox.faults.add("hang", operation, nth=nth, applied=True)
    program = ("-m", "leat_async", "import", "balances", "members.csv", *SHOP)
    with piped(forks, program, environment(sandbox), tmp_path) as process:
        while not sandbox.faults.rules[0].fired or counts(sandbox) != so_far:
            time.sleep(0.01)
        process.send_signal(number)
        _, messages = process.communicate()
        code = process.wait()
    assert "Traceback" not in messages
    if number == signal.SIGTERM:
        assert (code, "leat: interrupted" in messages) == (130, True)
        assert (f"leat: {left} not begun; the same command again goes on\n" in messages) is bool(left)
    sandbox.faults.clear()
    for _ in range(2):
        done = leat("import", "balances", "members.csv", *SHOP, "--report", "r.json", on=sandbox)
        assert done.returncode == 0, told(done)
        assert counts(sandbox) == (before[0] + 12, before[1] + 8, before[2] + 9)
        assert sum(row["credits"] for row in sandbox.rows("loyalty_transactions")) == sum(
            n + 1 for n in range(12) if n % 5
        )
        assert len(json.loads((tmp_path / "r.json").read_text())["imports"]) == 3
    assert "known from earlier runs 9" in told(done)
