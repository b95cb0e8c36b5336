"""What the page on exports shows, run as it is shown."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leat_async import LeatClient, export
from leat_async.sandbox import Sandbox

from ..forking import Forks, by_itself, environment

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "export.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with Sandbox(seed="demo", rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def folder(account: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")

    async def fill() -> None:
        async with LeatClient(account.token, base_url=account.url) as leat:
            for ending in ("parquet", "sqlite"):
                await export.to_file(
                    leat.loyalty_transactions, folder / f"credits.{ending}", since="62d", type="credit_receptions"
                )

    asyncio.run(fill())
    return folder


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("block", range(len(BLOCKS)))
def test_python(block: int, account: Sandbox, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEAT_BASE_URL", account.url)
    monkeypatch.setenv("LEAT_ACCESS_TOKEN", account.token)
    code = BLOCKS[block]
    names: dict[str, Any] = {}
    if "await" in code or "async" in code:
        inside = "\n".join(f"    {line}" for line in code.splitlines())
        exec(f"import asyncio\nasync def main():\n{inside}\nasyncio.run(main())", names)
    else:
        exec(code, names)
    if "months" in names:
        assert len(names["months"]) >= 2
    if "best" in names:
        assert names["best"].height > 5
    if "by_day" in names:
        assert names["by_day"].sum() > 0
    if "guests" in names:
        assert names["guests"][0][1] > 0


def test_from_nothing_to_a_chart_in_three_commands(forks: Forks | None, tmp_path: Path) -> None:
    _, leat, chart = COMMANDS[:3]
    start = forks.run if forks else by_itself
    ran = start(["-m", "leat_async", *shlex.split(leat)[1:]], environment(), tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "")
    drawn = start(shlex.split(chart)[1:], environment(), tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout.count("█") > 100


def test_the_example(forks: Forks | None, tmp_path: Path) -> None:
    ran = (forks.run if forks else by_itself)([ROOT / "examples" / "export_last_month.py"], environment(), tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("█") > 100
