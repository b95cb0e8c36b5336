"""`leat examples`: the examples that came with the package, one by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Leat

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_they_are_listed_with_what_they_are(leat: Leat) -> None:
    ran = leat("examples")
    listed = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines())
    assert (ran.returncode, ran.stderr) == (0, "")
    assert listed["web_flask"].startswith("A till's service on Flask")
    assert listed["visits.csv"] == "A file to import, 2,001 lines."
    assert not any(name.startswith("make_") for name in listed)


def test_one_is_written_once(leat: Leat, tmp_path: Path) -> None:
    assert leat("examples", "web_flask").stdout == "web_flask.py\n"
    assert (tmp_path / "web_flask.py").read_bytes() == (EXAMPLES / "web_flask.py").read_bytes()
    again = leat("examples", "web_flask")
    assert (again.returncode, again.stderr) == (
        2,
        "leat: web_flask.py: there is a file of that name; name another with --output\n",
    )
    assert leat("examples", "web_flask", "-o", "mine.py").stdout == "mine.py\n"


@pytest.mark.parametrize("name", ["web_flas", "make_visits", ""])
def test_a_name_that_is_none(leat: Leat, tmp_path: Path, name: str) -> None:
    ran = leat("examples", name)
    assert ran.returncode == 2
    assert f"there is no example {name!r}; " in ran.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("place", "why"),
    [(".", "a directory; name a file in it"), ("no/where.py", "there is no such directory")],
)
def test_a_place_where_no_file_can_be(leat: Leat, tmp_path: Path, place: str, why: str) -> None:
    ran = leat("examples", "web_flask", "-o", place)
    assert (ran.returncode, ran.stderr) == (2, f"leat: -o {place}: {why}\n")
    assert not list(tmp_path.iterdir())
