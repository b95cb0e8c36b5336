"""docs/errors.md says of every class what it means and what to do, and of every code what it raises."""

from __future__ import annotations

import json
import re
from pathlib import Path

from leat_async import errors
from tools import generate_errors

ROOT = Path(__file__).parents[2]
PAGE = generate_errors.page(ROOT)


def subclasses(kind: type) -> set[str]:
    return {kind.__name__}.union(
        *(subclasses(below) for below in kind.__subclasses__() if "errors" in below.__module__)
    )


def test_every_class_is_told_with_its_cure_and_none_that_is_not() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    public = {name for name in subclasses(errors.LeatError) if hasattr(errors, name)}
    assert {name for name, *_ in rows} == public == set(generate_errors.CURES)
    assert all(all(cells) for cells in rows)


def test_every_code_is_told_with_the_class_it_raises() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", PAGE, re.MULTILINE))
    codes = json.loads((ROOT / "tests/facts/_errors.json").read_text())
    assert [int(code) for code in rows] == [known["code"] for known in codes]
    assert rows["1003"] == "`InvalidInputError`"
    assert rows["55031"] == "`NotFoundError`"
    assert rows["80531"] == "`NotFoundError`, `AlreadyExistsError`"
