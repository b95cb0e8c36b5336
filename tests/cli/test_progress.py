"""What an import shows of itself, moment by moment: by moments that are given."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from leat_async.bulk import Progress
from leat_async.cli.progress import ProgressPicture, held, lines, progress_of
from leat_async.sandbox import Sandbox

from ..forking import Forks, environment
from .test_imports import ON_UNIX, good, visits_file

NONE = {
    "created": 0, "existed": 0, "updated": 0, "skipped": 0, "rejected": 0, "unknown": 0, "taken": 0, "in_flight": 0,
    "retried": 0, "in_doubt": 0, "waiting": None, "per_second": 0.0, "seconds": 0.0,
}  # fmt: skip


def moment(seconds: float, **more: Any) -> Progress:
    return Progress(**{**NONE, "seconds": seconds, **more})


def run(upto: int = 31) -> list[Progress]:
    """Half a minute of an import: at a pace, then after a 429, with trouble at its end."""
    seen = []
    for second in range(1, upto):
        waiting = "pace" if second < 20 else "rate limit"
        waits = {"pace": float(min(second, 19)), "rate limit": float(max(0, second - 19))}
        seen.append(
            moment(
                second, created=80 * min(second, 20), per_second=80.0 if second < 20 else 4.0, latency=second / 100,
                waiting=waiting, waits=waits, in_flight=32 if second < 20 else 0,
                rejected=13 if second > 20 else 0, in_doubt=2 if second > 20 else 0, rate_limited=second // 20,
                retried=second // 20,
            )
        )  # fmt: skip
    return seen


def shown(seen: list[Progress], width: int, *, plain: bool = False, **options: Any) -> list[str]:
    """The picture after these moments, as lines of text."""
    picture, out = ProgressPicture(6000, 5000, plain=plain), io.StringIO()
    console = Console(file=out, width=width, highlight=False, **options)
    for one in seen[:-1]:
        picture.show(one, width)
    console.print(picture.show(seen[-1], width))
    return out.getvalue().splitlines()


def test_a_picture_at_eighty_columns() -> None:
    found = shown(run(), 80)
    assert found[0] == f"{'━' * 11}{'╌' * 33} 1,613 of 6,000 rows, 1:22 min left"
    assert found[1:] == [
        "  4 rows a second ███████████▂▁▁▁▁▁▁▁▁▁  answers in 300 ms ▃▄▄▄▄▅▅▅▅▅▆▆▆▆▇▇▇▇███",
        "  held by a 429: Leat wants a break",
        "  so far: the pace 19 s, 429s 11 s",
        "  13 rejected, 2 in doubt, 1 answered 429, 1 sent again",
    ]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("plain", [False, True])
def test_nothing_is_wider_than_the_terminal(width: int, plain: bool) -> None:
    found = shown(run(), width, plain=plain)
    assert all(len(line) <= width for line in found)
    assert len(found) == 5
    if plain:
        assert all(line.isascii() or line.endswith("…") for line in found)
    # Numbers are whole, or not there.
    assert found[4].removeprefix("  ") in "13 rejected, 2 in doubt, 1 answered 429, 1 sent again"


def test_without_colour_it_says_the_same() -> None:
    coloured = shown(run(), 80, force_terminal=True, color_system="truecolor")
    plain = shown(run(), 80, force_terminal=True, no_color=True)
    assert any("\x1b[31m" in line for line in coloured)
    assert not any("[31m" in line or "[32m" in line for line in plain)


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        ("pace", "held by the pace of 5,000 requests a minute"),
        ("rate limit", "held by a 429: Leat wants a break"),
        ("failures", "writes keep failing: they are tried one at a time"),
        ("doubt", "asking about rows in doubt"),
        ("rows", "reading rows"),
        (None, ""),
    ],
)
def test_what_holds_it_is_said_in_words(waiting: Any, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert held(waiting, 5000) == words
    assert f"  {words or 'waiting for answers'}" in shown([moment(1, waiting=waiting)], 80)
    lines(100, 5000)(moment(6, waiting=waiting))
    assert words in capsys.readouterr().err
    assert held("pace") == "held by the pace"


def test_a_log_gets_a_line_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    watch = lines(6000, 5000)
    for quarter in range(1, 4 * 30 + 1):
        watch(moment(quarter / 4, created=quarter * 10, per_second=40.0, latency=0.0451, waiting="pace"))
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 6
    assert told[0] == (
        "200 of 6,000 rows (3%), 40 a second, answers in 45 ms, held by the pace of 5,000 requests a minute, "
        "2:25 min left"
    )


def test_how_long_it_takes_is_not_guessed_while_rows_are_in_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    lines(100, None)(moment(10, created=98, in_doubt=2, waiting="doubt"))
    assert capsys.readouterr().err == "98 of 100 rows (98%), 0 a second, 2 in doubt, asking about rows in doubt\n"


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": "xterm", "CI": "true"}, {"TERM": "xterm"}])
def test_only_a_terminal_that_is_looked_at_gets_a_picture(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not one that is dumb, not a log, and not a pipe that colours are forced upon."""
    monkeypatch.delenv("CI", raising=False)
    for name, value in {**environ, "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    with progress_of(100, None) as watch:
        watch(moment(6, created=50))
    told = capsys.readouterr().err
    assert told.startswith("50 of 100 rows")
    assert "\x1b" not in told


@ON_UNIX
def test_a_terminal_gets_a_picture_of_which_nothing_stays(forks: Forks, sandbox: Sandbox, tmp_path: Path) -> None:
    import pty

    visits_file(tmp_path / "v.csv", sandbox, good(400))
    master, slave = pty.openpty()
    command = ["-m", "leat_async", "import", "visits", "v.csv"]
    env = environment(sandbox) | {"TERM": "xterm", "COLUMNS": "100"}
    env.pop("CI", None)
    with open(os.devnull) as nothing, open(tmp_path / "out", "wb") as out:
        running = forks.start(command, env, tmp_path, [nothing, out, slave])
    os.close(slave)
    written = b""
    while True:
        try:
            written += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    assert running.wait() == 0
    assert b"rows a second" in written
    assert b"400 of 400 rows" in written
    # The last thing that is done is to take the lines away.
    assert b"\x1b[2K" in written[written.rindex(b"400 of 400 rows") :]
    assert b"\x1b" not in (tmp_path / "out").read_bytes()
