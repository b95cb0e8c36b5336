"""The files that an import writes: nothing is written over that is not its own."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox

from .test_import_files import AT, ZONE, Here, account, here, visits

__all__ = ["account", "here"]  # fixtures
ROW = ("anna@example.com", AT.isoformat())
OPTIONS = (*ZONE, "--shop", "Harbour Kitchen", "--create-contacts")
OUTPUTS = ("--ledger", "--rejects", "--report", "--save-mapping")


@pytest.mark.parametrize("option", OUTPUTS)
@pytest.mark.parametrize("what", ["source", "text", "toml", "json", "deep", "directory", "link", "pipe"])
def test_what_is_not_its_own_is_left_as_it_is(
    here: Here, account: Sandbox, tmp_path: Path, option: str, what: str
) -> None:
    if sys.platform == "win32" and what in ("link", "pipe"):
        pytest.skip("POSIX files")
    path = tmp_path / "v.csv" if what == "source" else tmp_path / "x"
    data = visits(ROW)
    contents = {
        "text": "mine " * 300,
        "toml": "[project]\nname = 'mine'\n",
        "json": '{"created": 1}',
        "deep": "[" * 9999,
    }
    content = contents.get(what, data)
    (tmp_path / "v.csv").write_text(data)
    if what == "directory":
        path.mkdir()
    elif what == "link":
        (tmp_path / "target").write_text(content)
        path.symlink_to("target")
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.write_text(content)
    path.chmod(0o744)
    before = account.rows("visits")
    done = here("visits", "v.csv", *OPTIONS, option, path.name)
    assert done.code == 2, done.err
    assert option in done.err or "can't be used as a ledger" in done.err
    assert account.rows("visits") == before
    assert path.stat().st_mode & 0o777 == 0o744
    assert path.is_symlink() == (what == "link")
    assert not path.is_file() or path.read_text() == content


@pytest.mark.parametrize("first", OUTPUTS)
@pytest.mark.parametrize("second", OUTPUTS)
def test_no_two_outputs_share_a_file(here: Here, first: str, second: str) -> None:
    done = here("visits", "v.csv", *OPTIONS, first, "new.csv", second, "./new.csv", data=visits(ROW))
    assert (done.code, "are the same file" in done.err) == ((0, False) if first == second else (2, True))


def test_its_own_files_are_written_anew(here: Here, tmp_path: Path) -> None:
    outputs = ("--report", "r.json", "--save-mapping", "m.toml")
    for _ in range(2):
        assert here("visits", "v.csv", *OPTIONS, *outputs, data=visits(ROW)).code == 0
    assert json.loads((tmp_path / "r.json").read_text())["skipped"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX devices")
def test_a_report_goes_to_stdout_or_nowhere(here: Here) -> None:
    assert '"created": 1' in here("visits", "v.csv", *OPTIONS, "--report", "/dev/stdout", data=visits(ROW)).out
    before = os.stat("/dev/null")
    assert here("visits", "v.csv", *OPTIONS, "--report", "/dev/null").code == 0
    assert os.stat("/dev/null").st_ino == before.st_ino


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_file_without_rows_is_told(here: Here, more: tuple[str, ...]) -> None:
    done = here("visits", "v.csv", *OPTIONS, *more, data=visits())
    assert (done.code, "v.csv has no rows" in done.err) == (0, True)
    assert "has no rows" not in here("visits", "w.csv", *OPTIONS, *more, data=visits(ROW)).err


def test_the_header_is_not_looked_for_where_it_is(here: Here) -> None:
    data = "E-mail;E-mail;Start\na@b.nl;c@d.nl;2026-05-01 20:00\n"
    done = here("visits", "v.csv", *ZONE, "--shop", "Harbour Kitchen", data=data)
    assert (done.code, "--header-row" in done.err) == (2, False)


def test_the_dry_run_sees_identifiers_with_other_data(here: Here) -> None:
    rows = [(*ROW, "A1"), ("Anna@example.com", "2026-05-01T18:00:00Z", "A1"), ("bram@example.com", ROW[1], "A1")]
    data = visits(*rows, columns="contact_email,starts_at,external_id")
    for more in (("--dry-run",), ()):
        done = here("visits", "v.csv", *OPTIONS, *more, data=data)
        assert done.code == 1, done.err
        [told] = [line for line in done.out.splitlines() if line.startswith("  line 4: ")]
        assert "an earlier row has the same external_id and other data" in told
        assert "line 3" not in done.out


def test_the_dry_run_knows_what_earlier_runs_did(here: Here, account: Sandbox) -> None:
    columns = "contact_email,starts_at,external_id,source"
    before = [(*ROW, "A1", "Web"), (*ROW, "A2", "Web")]
    assert here("visits", "v.csv", *OPTIONS, data=visits(*before, columns=columns)).code == 0
    made = len(account.rows("visits"))
    rows = [(*ROW, "A1", "Web"), (*ROW, "A2", "Till"), (*ROW, "A3", "Web"), (*ROW, "A3", "Web")]
    done = here("visits", "w.csv", *OPTIONS, "--dry-run", data=visits(*rows, columns=columns))
    sums = dict(re.findall(r"^(\S.*?)  +(\S.*)$", done.out, re.MULTILINE))
    assert (done.code, len(account.rows("visits"))) == (1, made)
    assert sums["rows"] == "4"
    for name in ("would be sent", "known from earlier runs", "there already", "would be refused"):
        assert sums[name] == "1", done.out
    # Whose address it was then may be another's now.
    assert sums["contacts, created if absent"] == "1"
    assert "was imported on" in done.out
    update = here("visits", "w.csv", *OPTIONS, "--dry-run", "--on-change", "update")
    assert re.search(r"^would be updated +1$", update.out, re.MULTILINE)
    fresh = here("visits", "w.csv", *OPTIONS, "--dry-run", "--ledger", "none.ledger")
    assert re.search(r"^would be sent +3$", fresh.out, re.MULTILINE)


def test_the_dry_run_refuses_the_ledgers_that_the_run_refuses(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here("visits", "v.csv", *OPTIONS, "--ledger", "l", data=visits(ROW)).code == 0
    assert here("visits", "v.csv", *OPTIONS, "--ledger", "l", "--dry-run").code == 0

    def told(kind: str, *options: str) -> None:
        runs = [here(kind, "v.csv", *options, "--ledger", "l", *more) for more in (("--dry-run",), ())]
        said = [next(line for line in run.err.splitlines() if "can't be the ledger" in line) for run in runs]
        assert [run.code for run in runs] == [2, 2]
        assert said[0] == f"{said[1]}; nothing was sent"

    told("bookings", *OPTIONS)
    with Sandbox(seed=7) as other:
        monkeypatch.setenv("LEAT_BASE_URL", other.url)
        monkeypatch.setenv("LEAT_ACCESS_TOKEN", other.token)
        told("visits", *ZONE, "--shop", other.rows("shops")[0]["name"], "--create-contacts")


def test_a_range_of_times_is_refused(here: Here, account: Sandbox) -> None:
    before = len(account.rows("bookings"))
    data = "email;datum;tijd\nanna@example.com;05-03-2026;19:30-21:00\n"
    done = here("bookings", "b.csv", *OPTIONS, "--day-first", data=data)
    assert (done.code, len(account.rows("bookings"))) == (1, before)
    assert "looks like a range of times" in done.out
