"""`leat report` as its users run it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient

from .conftest import Leat


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    """An account with a few receptions of just now."""
    with Sandbox(seed=7, rate_limit=(1_000_000, 60.0), start=dt.datetime.now(dt.UTC)) as running:
        with LeatClient(running.token, base_url=running.url) as leat:
            for number in range(12):
                guest, place = running.contacts[number % 2]["uuid"], running.shops[0]["uuid"]
                leat.credit_receptions.create(
                    contact_uuid=guest, shop_uuid=place, credits=7, unit_value=100_000.5 + number
                )
        yield running


@pytest.mark.parametrize("width", ["80", "50"])
def test_no_number_is_cut(leat: Leat, shop: Sandbox, width: str) -> None:
    ran = leat("report", "--since", "3d", "--by", "shop", on=shop, COLUMNS=width)
    assert (ran.returncode, ran.stderr) == (0, "")
    figures = ran.stdout.split("By shop")[0]
    assert "…" not in figures
    assert "1,200,072.00" in figures
    assert max(map(len, figures.splitlines()[3:])) <= int(width)
    # What there is no room for is left out as a whole.
    assert ("█" in figures) == (width == "80")
    assert "\x1b" not in ran.stdout
    assert "What the API does not tell" in ran.stdout


def test_a_terminal_that_knows_no_bars(leat: Leat, shop: Sandbox) -> None:
    ran = leat("report", "--since", "3d", on=shop, COLUMNS="80", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ran.returncode == 0
    assert ran.stdout.isascii()
    assert "\\u" not in ran.stdout


def test_json_and_files(leat: Leat, shop: Sandbox, tmp_path: Path) -> None:
    ran = leat("report", "--since", "3d", "--format", "json", on=shop)
    found = json.loads(ran.stdout)
    assert found["current"]["figures"]["transactions"] == 12
    ran = leat("report", "--since", "3d", "-o", "x.json", on=shop)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert f"x.json: {found['current']['since'][:10]}" in ran.stderr
    written = json.loads((tmp_path / "x.json").read_bytes())
    assert written["current"]["figures"] == found["current"]["figures"]
    assert (tmp_path / "x.json").stat().st_mode & 0o077 == 0
    ran = leat("report", "--since", "3d", "-o", "x.txt", "--language", "nl", on=shop)
    assert ran.returncode == 0
    assert "Actieve klanten" in (tmp_path / "x.txt").read_text(encoding="utf-8")


def test_bad_input_is_refused(leat: Leat, shop: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    for arguments, told in (
        (["--month", "soon"], "month must be a year and a month such as '2026-10', got 'soon'"),
        (["-o", "x.pdf"], "its ending tells no format"),
        (["-o", "folder.json"], "a directory"),
        (["--shop-timezone", "Europe/Paris"], "takes SHOP=ZONE"),
        (["--shop-timezone", "a=Nowhere"], "timezone must be a name"),
        (["--timezone", "Nowhere"], "timezone must be a name"),
        (["--until", "2026-01"], "until needs since"),
        (["--month", "2026-01", "--since", "7d"], "not both"),
    ):
        before = len(shop.journal)
        ran = leat("report", *arguments, on=shop)
        assert (ran.returncode, ran.stdout) == (2, ""), arguments
        assert told in ran.stderr
        assert "Traceback" not in ran.stderr
        assert len(shop.journal) == before
    assert leat("report").returncode == 3
    assert leat("report", on=shop, LEAT_ACCESS_TOKEN="wrong").returncode == 3
    assert leat("report", on=shop, LEAT_BASE_URL="http://127.0.0.1:9").returncode == 4


def test_every_option_is_on_the_page() -> None:
    import typer.main

    from leat_async.cli.app import app

    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    command = typer.main.get_group(app).commands["report"]
    options = {name for param in command.params for name in param.opts if name.startswith("--")}
    assert not {name for name in options if name not in page}
