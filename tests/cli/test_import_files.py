"""Files as exports really look, through the whole command: what goes, what is refused, and what is said."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leat_async.cli import app
from leat_async.sandbox import Sandbox
from leat_async.tables.table import REASON

from ..tables.workbooks import header, number, text, xlsx

AT = dt.datetime(2026, 5, 1, 20, 0)
ZONE = ("--timezone", "Europe/Amsterdam")


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Here = Callable[..., Ended]


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with Sandbox(seed="demo", rate_limit=(1_000_000, 60.0)) as running:
        yield running


@pytest.fixture
def here(
    tmp_path: Path, account: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Here]:
    """Run `leat import …` in this process and an empty directory, on the demo account."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("LEAT_BASE_URL", account.url)
    monkeypatch.setenv("LEAT_ACCESS_TOKEN", account.token)
    account.snapshot("before")

    def run(*arguments: str, data: bytes | str | None = None, stdin: bytes = b"") -> Ended:
        if data is not None:
            (tmp_path / arguments[1]).write_bytes(data if isinstance(data, bytes) else data.encode())
        monkeypatch.setattr(sys, "argv", ["leat", "import", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = app.run()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ended(code, said.out, said.err)

    yield run
    account.restore("before")


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def book(*rows: list[Any], formats: dict[str, str] | None = None) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for place, code in (formats or {}).items():
        made.active[place].number_format = code
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def visits(*rows: tuple[str, ...], columns: str = "contact_email,starts_at") -> str:
    return "\n".join([columns, *(",".join(row) for row in rows)]) + "\n"


FILES: dict[str, tuple[str, bytes | str, tuple[str, ...], int, int, str]] = {
    "a mark left open": (
        "contacts",
        'E-mail;Naam;Notitie\na@b.nl;A;ok\nq@b.nl;Q;"open\nc@b.nl;C;ok\n',
        (),
        2,
        0,
        "line 3",
    ),
    "a cell that swallows": (
        "contacts",
        'E-mail;Naam;Notitie\na@b.nl;A;ok\nq@b.nl;Q;"open\nc@b.nl;C;ok"\n',
        (),
        1,
        1,
        "swallows",
    ),
    "a shortened number": (
        "visits",
        visits(("a@b.nl", "2026-05-01T20:00Z", "2.026E+11"), columns="email,start,reserveringsnummer"),
        (),
        1,
        0,
        "shortened",
    ),
    "a formula without result": (
        "visits",
        xlsx(header("email", "start"), text("A2", "a@b.nl") + "<c r='B2'><f>A1</f></c>"),
        ZONE,
        1,
        0,
        "B2 is a formula",
    ),
    "an error in a cell": (
        "contacts",
        xlsx(header("email", "Telefoon"), text("A2", "a@b.nl") + "<c r='B2' t='e'><v>#N/A</v></c>"),
        ("--update-existing",),
        1,
        0,
        "B2 is the error #N/A",
    ),
    "an error as text": (
        "contacts",
        "email;Plaats\na@b.nl;#N/B\nc@b.nl;#ZAHL!\nd@b.nl;Err:502\ne@b.nl;Delft\n",
        (),
        1,
        1,
        "3",
    ),
    "a hidden sheet first": (
        "visits",
        xlsx(
            header("email", "start"),
            text("A2", "a@b.nl") + text("B2", "2026-05-01T20:00Z"),
            sheets=[("Old", "hidden"), ("New", "visible")],
        ),
        (),
        0,
        1,
        "sheet 'New'",
    ),
    "utf-16 without mark": (
        "contacts",
        "E-mail;Voornaam\r\nzoe@b.nl;Zoë\r\n".encode("utf-16-le"),
        (),
        0,
        1,
        "utf-16-le",
    ),
    "zeros": ("contacts", "E-mail;Voornaam\na@b.nl;A\0b\nb@b.nl\0;B\nc@b.nl;C\n", (), 1, 1, "U+0000"),
    "disguises": (
        "contacts",
        "E-mail\nada@b.nl\n\u200bada@b.nl\n\xa0ADA@b.nl\nmailto:ada@b.nl\na\xadda@b.nl\n<ada@b.nl>\n",
        (),
        1,
        1,
        "SOFT HYPHEN",
    ),
    "one stray byte": (
        "contacts",
        "E-mail;Naam\na@b.nl;Zoë\nb@b.nl;Jörg\n".encode() + b"c@b.nl;Ren\xe9\n",
        (),
        1,
        2,
        "0xE9",
    ),
    "a placeholder": (
        "visits",
        visits(("a@b.nl", "2026-05-01 20:00"), ("b@b.nl", "0001-01-01 00:00")),
        ZONE,
        1,
        1,
        "no date",
    ),
    "a placeholder in parquet": (
        "visits",
        parquet(
            email=["a@b.nl", "b@b.nl"],
            start=pyarrow.array(
                [1_777_651_200_000_000, 253_402_297_199_000_000], pyarrow.timestamp("us", "Europe/Amsterdam")
            ),
        ),
        (),
        1,
        1,
        "start",
    ),
    "text as bytes": ("bookings", parquet(email=["a@b.nl"], company_name=["Café".encode()]), (), 0, 1, "Café"),
    "a line that is not UTF-8": (
        "visits",
        b'{"email":"a@b.nl","source":"Caf\xe9"}\n{"email":"b@b.nl"}\n',
        (),
        1,
        1,
        "line 1: not JSON",
    ),
    "a number shown with zeros": (
        "visits",
        xlsx(
            header("email", "external_id", "start"),
            text("A2", "a@b.nl") + number("B2", "417", 1) + number("C2", "46143.8333333", 2),
            formats=["000000", "dd-mm-yyyy hh:mm"],
        ),
        ZONE,
        0,
        1,
        "000417",
    ),
    "a title above": (
        "visits",
        xlsx(
            text("A1", "Boekingen"),
            text("A2", "email") + text("B2", "start"),
            text("A3", "a@b.nl") + text("B3", "2026-05-01T20:00Z"),
            merged=["A1:B1"],
        ),
        ("--header-row", "2"),
        0,
        1,
        "header in line 2",
    ),
    "no header row": (
        "visits",
        xlsx(
            text("A1", "Boekingen"),
            text("A2", "email") + text("B2", "start"),
            text("A3", "a@b.nl") + text("B3", "2026-05-01T20:00Z"),
            merged=["A1:B1"],
        ),
        (),
        2,
        0,
        "line 2 looks like the header: --header-row 2",
    ),
    "hours beyond a day": (
        "visits",
        xlsx(
            header("email", "Datum", "Tijd"),
            *(
                text(f"A{n}", f"g{n}@b.nl") + number(f"B{n}", "46143", 1) + time
                for n, time in (
                    (2, number("C2", "0.8125", 2)),
                    (3, number("C3", "1", 2)),
                    (4, text("C4", "19u30")),
                    (5, number("C5", "0.8125")),
                )
            ),
            formats=["yyyy-mm-dd", "[h]:mm"],
        ),
        ZONE,
        1,
        3,
        "'2026-05-01 0.8125'",
    ),
    "sep=tab": ("contacts", "sep=\t\r\nE-mail\tVoornaam\r\na@b.nl\tA\r\n", (), 0, 1, "tab"),
    "floats for whole numbers": ("bookings", "email,guests\na@b.nl,2.0\nb@b.nl,2.5\n", (), 1, 1, "no whole number"),
    "html as xls": ("visits", "<html><table><tr><td>email</td></tr></table></html>", (), 2, 0, "an HTML page"),
    "packed": ("contacts", gzip.compress(b"email\na@b.nl\n"), (), 0, 1, ""),
    "nanoseconds": (
        "visits",
        parquet(email=["a@b.nl"], start=pyarrow.array([1_777_651_200_123_456_789], pyarrow.timestamp("ns", "UTC"))),
        (),
        0,
        1,
        ".123456",
    ),
    "month first": (
        "visits",
        visits(("a@b.nl", "05/13/2026 7:30 PM")),
        (*ZONE, "--month-first"),
        0,
        1,
        "2026-05-13T19:30:00+02:00",
    ),
    "short years": (
        "visits",
        visits(("a@b.nl", "13-05-26 19u30")),
        (*ZONE, "--day-first", "--short-years"),
        0,
        1,
        "2026-05-13T19:30:00+02:00",
    ),
    "the clock's change": (
        "visits",
        visits(("a@b.nl", "2026-10-25 02:30")),
        (*ZONE, "--clock-change", "second"),
        0,
        1,
        "02:30:00+01:00",
    ),
    "no date": ("visits", visits(("a@b.nl", "1899-12-30 00:00")), (*ZONE, "--placeholder-dates", "empty"), 0, 1, ""),
    "a shop's name": (
        "visits",
        visits(("a@b.nl", "2026-05-01T20:00Z", "garden bistro"), columns="email,start,vestiging"),
        (),
        0,
        1,
        "vestiging",
    ),
    "a shop misspelt": (
        "visits",
        visits(("a@b.nl", "2026-05-01T20:00Z", "Garden Bistrot"), columns="email,start,shop"),
        (),
        1,
        0,
        "did you mean 'Garden Bistro'?",
    ),
    "an attribute misspelt": (
        "contacts",
        "email,x\na@b.nl,A\n",
        ("--map", "x=attributes.firstnam"),
        2,
        0,
        "did you mean 'firstname'?",
    ),
    "totals": ("visits", "email;start\na@b.nl;2026-05-01T20:00Z\nTotaal;1\n;\n", (), 1, 1, "email"),
}


@pytest.mark.parametrize("case", FILES)
def test_what_becomes_of_a_file(here: Here, account: Sandbox, case: str) -> None:
    kind, data, options, code, created, said = FILES[case]
    extra = ("--create-contacts", "--batch", "b") if kind != "contacts" else ()
    known = "shop" in (data if isinstance(data, str) else "") or "vestiging" in (data if isinstance(data, str) else "")
    shop = ("--shop", "Harbour Kitchen") if kind != "contacts" and not known else ()
    before = len(account.rows(kind))
    dry = here(kind, "file", *options, *extra, *shop, "--dry-run", data=data)
    assert len(account.rows(kind)) == before
    ended = here(kind, "file", *options, *extra, *shop)
    assert (ended.code, len(account.rows(kind)) - before) == (code, created), ended.err + ended.out
    assert said in ended.err + ended.out
    assert dry.code == ended.code


def test_what_is_written_is_read_back_after_it_was_mended(here: Here, account: Sandbox, tmp_path: Path) -> None:
    """A workbook with day and time apart: the rejects go once their addresses are right, and nothing goes twice."""
    rows = [
        ["E-mail", "Datum", "Tijd"],
        ["ada@b.nl", AT.date(), AT.time()],
        ["geen", AT.date(), "19:30"],
        ["zed", AT.date(), AT.time()],
    ]
    options = ("--shop", "Harbour Kitchen", "--create-contacts", *ZONE)
    before = len(account.rows("visits"))
    assert here("visits", "v.xlsx", *options, data=book(*rows)).code == 1
    path = tmp_path / "v.xlsx.rejects.xlsx"
    same = here("visits", path.name, *options)
    assert (same.code, len(account.rows("visits")) - before) == (1, 1)
    mended = openpyxl.load_workbook(path)
    assert mended.active["D1"].value == REASON
    assert mended.active["A2"].fill.fgColor.rgb == "FFFFC7CE"
    mended.active["A2"].value, mended.active["A3"].value = "bob@b.nl", "zoe@b.nl"
    mended.save(path)
    assert here("visits", path.name, *options).code == 0
    assert here("visits", path.name, *options).code == 0
    starts = sorted(row["starts_at"] for row in account.rows("visits")[before:])
    assert starts == ["2026-05-01T17:30:00+00:00", "2026-05-01T18:00:00+00:00", "2026-05-01T18:00:00+00:00"]


MAILS = ["ada@b.nl", "geen", "", "zoë@b.nl", "\u200bbob@b.nl", "#N/A", "a\xadb@b.nl"]
TIMES = ["2026-05-01 20:00", "2026-03-29 02:30", "0001-01-01", "2026-05-01T20:00+02:00", "", "9999-12-31 23:59", "x"]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(MAILS),
            st.sampled_from(TIMES),
            st.sampled_from(["2", "2.0", "-1", "99999999999999999999", "vier", ""]),
            st.sampled_from(["12,50", "1.234", "-1", "0,005", ""]),
            st.sampled_from(["", "Café\0", "\ud83d\ude00", "=1+1", "#VERW!", "x" * 300]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_dry_run_says_what_the_run_will_do(here: Here, tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=";").writerows([["email", "start", "guests", "deposit", "company"], *rows])
    data = file.getvalue().encode("utf-16", "surrogatepass")
    for left in tmp_path.iterdir():
        left.unlink()
    options = ("--shop", "Harbour Kitchen", "--create-contacts", "--ledger", "l", *ZONE)
    dry = here("bookings", "b.csv", *options, "--dry-run", data=data)
    run = here("bookings", "b.csv", *options, "--report", "r.json")
    assert dry.code == run.code, run.err
    if run.code == 2:
        return
    told = json.loads((tmp_path / "r.json").read_text())
    sums = dict(re.findall(r"^(\S.*?)  +(\d+)$", dry.out, re.MULTILINE))
    assert int(sums["would be refused"]) == told["rejected"]
    assert int(sums["would be sent"]) == told["created"] + told["existed"]
    refused = [line for line in dry.out.splitlines() if line.startswith("  line ")]
    assert refused == [line for line in run.out.splitlines() if line.startswith("  line ")]


def test_a_mapping_is_kept_and_taken_up(here: Here, tmp_path: Path) -> None:
    data = "Overzicht\nMail;Dag;Uur;Kassa;Bon\na@b.nl;13-05-2026;19:30;1;7\n"
    first = here(
        "visits", "a.csv", "--header-row", "2", "--map", "Dag + Uur=starts_at", "--id", "Dag,Kassa,Bon", "--day-first",
        *ZONE, "--shop", "Harbour Kitchen", "--set", "source=Kassa", "--dry-run", "--save-mapping", "m.toml", data=data,
    )  # fmt: skip
    assert first.code == 0, first.err
    assert "13-05-2026|1|7" in first.err
    again = here("visits", "b.csv", "--mapping", "m.toml", "--dry-run", data=data)
    told = [line.replace("?", "").split() for line in first.err.splitlines() if "guessed" not in line]
    assert [line.split() for line in again.err.replace("b.csv", "a.csv").splitlines()] == told
    other = here("visits", "b.csv", "--mapping", "m.toml", "--set", "source=Web", "--dry-run")
    assert "Web" in other.err
    assert here("bookings", "b.csv", "--mapping", "m.toml", "--dry-run").code == 2
    (tmp_path / "bad.toml").write_text("timezon = 'x'\n")
    bad = here("visits", "b.csv", "--mapping", "bad.toml", "--dry-run")
    assert (bad.code, "did you mean 'timezone'?" in bad.err) == (2, True)


def test_a_composed_identifier_tells_days_apart(here: Here, account: Sandbox) -> None:
    rows = [("a@b.nl", f"2026-05-0{day}T20:00Z", f"2026-05-0{day}", "17") for day in (1, 2)]
    data = visits(*rows, columns="email,start,dag,bon")
    before = len(account.rows("visits"))
    options = ("--id", "dag,bon", "--shop", "Harbour Kitchen", "--create-contacts")
    assert here("visits", "v.csv", *options, data=data).code == 0
    assert [row["external_id"] for row in account.rows("visits")[before:]] == ["2026-05-01|17", "2026-05-02|17"]
    empty = here(
        "visits",
        "w.csv",
        *options,
        data=visits(("a@b.nl", "2026-05-03T20:00Z", "", "17"), columns="email,start,dag,bon"),
    )
    assert (empty.code, "a part of the identifier is empty" in empty.out) == (1, True)


def test_an_export_nobody_prepared_goes_in_three_commands(here: Here, account: Sandbox) -> None:
    """A summary first, titles above the rows, day and time apart, zeros by format, totals at the end."""
    made = openpyxl.Workbook()
    made.active.title = "Samenvatting"
    made.active.append(["Overzicht"])
    page = made.create_sheet("De lijst")
    page.append(["Restaurant De Haven"])
    page.merge_cells("A1:F1")
    page.append([])
    page.append(["Res.nr", "Datum", "Aankomst", "E-mailadres", "Personen", "Aanbetaling (€)"])
    for n in range(5):
        page.append([417 + n, AT.date(), AT.time(), f"gast{n}@b.nl", 2 + n, 12.5])
        page.cell(page.max_row, 1).number_format = "000000"
    page.append(["Totaal", None, None, None, 20])
    file = io.BytesIO()
    made.save(file)
    before = len(account.rows("bookings"))
    options = ["--shop", "Harbour Kitchen", "--create-contacts"]
    first = here("bookings", "x.xlsx", *options, data=file.getvalue())
    assert "line 3 of the sheet 'De lijst' looks like the header: --sheet 'De lijst' --header-row 3" in first.err
    options += ["--sheet", "De lijst", "--header-row", "3"]
    second = here("bookings", "x.xlsx", *options, "--dry-run")
    assert "--timezone Europe/Amsterdam says" in second.out
    third = here("bookings", "x.xlsx", *options, *ZONE)
    assert (third.code, "this looks like a row of totals" in third.out) == (1, True)
    bookings = account.rows("bookings")[before:]
    assert sorted(row["external_id"] for row in bookings) == [f"00{417 + n:04}" for n in range(5)]
    assert {row["starts_at"] for row in bookings} == {"2026-05-01T18:00:00+00:00"}


def test_columns_are_listed_without_a_token(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEAT_ACCESS_TOKEN")
    ended = here("bookings", "x.csv", "--list-columns", data="E-mail;Naam;Naam\n;x;\nzoe@b.nl;y;z\n")
    assert ended.code == 0
    assert [line.split() for line in ended.out.splitlines()[1:4]] == [
        ["E-mail", "contact_email", "zoe@b.nl"], ["Naam", "(1)", "x"], ["Naam", "(2)", "z"],
    ]  # fmt: skip
    joined = here("bookings", "y.csv", "--list-columns", data="E-mail;Datum;Tijd\nzoe@b.nl;2026-05-01;19:30\n")
    assert [line.split()[:2] for line in joined.out.splitlines()[2:4]] == [
        ["Datum", "starts_at"],
        ["Tijd", "starts_at"],
    ]
    dry = here("bookings", "x.csv", "--dry-run", "--shop", "s-1")
    assert "no token is set" in dry.err


def test_attributes_are_read_by_their_type(here: Here, account: Sandbox) -> None:
    data = "email,birth_date,phone\na@b.nl,13-05-1985,+31 6 12345678\nb@b.nl,1985,0612345678\nc@b.nl,,3.1E+10\n"
    ended = here(
        "contacts", "c.csv", "--day-first", "--map", "birth_date=attributes.birthdate",
        "--map", "phone=attributes.phonenumber", data=data,
    )  # fmt: skip
    assert ended.code == 1, ended.err
    kept = {row["email"]: row["attributes"] for row in account.rows("contacts") if row["email"][1:] == "@b.nl"}
    assert list(kept) == ["a@b.nl"]
    assert kept["a@b.nl"]["birthdate"].startswith("1985-05-13")


def test_stdin_is_read_by_its_content(here: Here, account: Sandbox) -> None:
    data = book(["email", "start"], ["a@b.nl", AT])
    before = len(account.rows("visits"))
    options = ("--shop", "Harbour Kitchen", "--create-contacts", "--ledger", "v.ledger", *ZONE)
    ended = here("visits", "-", *options, stdin=data)
    assert (ended.code, len(account.rows("visits")) - before) == (0, 1), ended.err


@pytest.mark.parametrize(
    ("option", "value", "data"),
    [
        ("--sheet", "Data", b"email\na@b.nl\n"),
        ("--header-row", "2", b'{"email": "a@b.nl"}'),
        ("--delimiter", ";", b'{"email": "a@b.nl"}'),
        ("--encoding", "utf-8", xlsx(header("email"), text("A2", "a@b.nl"))),
    ],
)
def test_options_of_another_kind_of_file_are_refused(here: Here, option: str, value: str, data: bytes) -> None:
    ended = here("contacts", "file", option, value, data=data)
    assert (ended.code, f"{option} goes with" in ended.err) == (2, True)


def test_equal_reasons_are_told_once(here: Here) -> None:
    data = "email\n" + "".join(f"no{n}\n" for n in range(40))
    ended = here("contacts", "c.csv", "--dry-run", data=data)
    assert "line 2: email: 'no0' is no e-mail address" in ended.out
    assert "(and 39 more like it)" in ended.out
    assert "no7" not in ended.out


def test_rejects_go_by_the_name_of_their_format(here: Here) -> None:
    ended = here(
        "visits", "v.xlsx", "--rejects", "r.csv", "--shop", "Harbour Kitchen", data=book(["email"], ["a@b.nl"])
    )
    assert (ended.code, "written as .xlsx" in ended.err) == (2, True)
    with_lines = here("visits", "v.jsonl", "--shop", "Harbour Kitchen", data=json.dumps({"email": "x"}))
    assert "v.jsonl.rejects.jsonl" in with_lines.out


def test_the_rows_of_csv_rejects_keep_their_verdicts(here: Here, tmp_path: Path) -> None:
    data = 'E-mail;Start;Bron\r\n"geen";"gisteren";"=1+1"\r\nx@b.nl;1\r\n'
    options = ("--shop", "Harbour Kitchen", *ZONE)
    assert here("visits", "v.csv", *options, data=data).code == 1
    first = (tmp_path / "v.csv.rejects.csv").read_text()
    assert here("visits", "v.csv.rejects.csv", *options).code == 1
    again = (tmp_path / "v.csv.rejects-2.csv").read_text()
    assert [row[:-1] for row in csv.reader(io.StringIO(first), delimiter=";")] == [
        row[:-1] for row in csv.reader(io.StringIO(again), delimiter=";")
    ]
