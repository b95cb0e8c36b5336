"""`leat import … --report-html` and `leat import report`."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox

from ..forking import Forks
from .conftest import Leat
from .test_imports import ON_UNIX, good, visits_file
from .test_streams import on_a_terminal

BAD = [("nobody", "2026-03-01T10:00Z"), ("new@example.com", "2026-03-02T10:00Z")]


def test_an_import_writes_its_page_and_the_ledger_tells_it_again(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(3))
    assert leat("import", "visits", "v.csv", on=sandbox).returncode == 0
    visits_file(tmp_path / "v.csv", sandbox, [*good(5), *BAD])
    done = leat("import", "visits", "v.csv", "--report-html", "p.html", on=sandbox)
    assert done.returncode == 1
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    # In the words of the command line.
    assert "--create-contacts creates those that are missing" in page
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "p.html").stat().st_mode) == 0o600
    told = leat("import", "report", "-o", "r.json")
    assert (told.returncode, told.stdout) == (0, "")
    assert told.stderr.startswith("r.json: run 2 of visits")
    report = json.loads((tmp_path / "r.json").read_text())
    run = report["run"]
    assert (run["file"], run["created"], run["skipped"], run["rejected"]) == ("v.csv", 2, 3, 2)
    assert report["before"][0]["created"] == 3
    # The latest run's page again, on stdout; and that of another.
    again = leat("import", "report")
    assert "--create-contacts creates those that are missing" in again.stdout
    assert leat("import", "report", "1", "-o", "p.html").returncode == 0
    assert "Nothing: every row" in (tmp_path / "p.html").read_text()


def test_it_is_of_the_run_that_began_last_whatever_its_kind(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("email\nnew@example.com\n")
    visits_file(tmp_path / "v.csv", sandbox, good(1))
    for kind, file in (("visits", "v.csv"), ("contacts", "c.csv"), ("visits", "v.csv")):
        leat("import", kind, file, on=sandbox)
        assert leat("import", "report", "-o", "r.json").returncode == 0
        report = json.loads((tmp_path / "r.json").read_text())
        assert (report["kind"], report["run"]["file"]) == (kind, file)
    refused = leat("import", "report", "1", "-o", "r.json")
    assert "a run's number is its own ledger's: say which by --kind" in refused.stderr


@ON_UNIX
def test_a_page_does_not_fill_a_terminal(forks: Forks, sandbox: Sandbox, tmp_path: Path) -> None:
    said = on_a_terminal(forks, ["import", "report"], tmp_path, sandbox)
    assert said.strip() == "leat: a page is nothing for a terminal: -o import.html"


def test_a_sandbox_keeps_nothing_but_the_page(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, [])
    (tmp_path / "v.csv").write_text("email,starts_at\nguest1@example.com,2026-03-01T10:00Z\n")
    done = leat("import", "visits", "v.csv", "--sandbox", "--create-contacts", "--report-html", "p.html")
    assert done.returncode == 0, done.stderr
    assert "Run 1" in (tmp_path / "p.html").read_text()


def test_what_is_there_is_not_written_over(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(1))
    (tmp_path / "notes.html").write_text("mine")
    refused = leat("import", "visits", "v.csv", "--report-html", "notes.html", on=sandbox)
    assert (refused.returncode, (tmp_path / "notes.html").read_text()) == (2, "mine")
    assert "no page of a report" in refused.stderr
    same = leat("import", "visits", "v.csv", "--report", "r", "--report-html", "r", on=sandbox)
    assert "--report-html and --report are the same file" in same.stderr
    assert not sandbox.rows("visits")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ([], 2, "no import into an account is remembered"),
        (["-o", "r.txt"], 2, "-o r.txt: its ending tells no format; end it in .html or .json"),
        (["-o", "nowhere/r.html"], 2, "there is no such directory"),
        (["--ledger", "nothing"], 2, "there is no ledger at nothing"),
        (["0"], 2, "greater than or equal to 1"),
    ],
)
def test_bad_input_is_refused(leat: Leat, arguments: list[str], code: int, told: str) -> None:
    refused = leat("import", "report", *arguments)
    assert refused.returncode == code
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_run_that_is_not_there(leat: Leat, sandbox: Sandbox, tmp_path: Path) -> None:
    visits_file(tmp_path / "v.csv", sandbox, good(1))
    leat("import", "visits", "v.csv", on=sandbox)
    refused = leat("import", "report", "7")
    assert refused.returncode == 2
    assert "has no run 7; it has 1" in refused.stderr
