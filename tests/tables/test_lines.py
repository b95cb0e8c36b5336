"""JSON Lines and JSON arrays."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leat_async.tables import text_cells
from leat_async.tables.table import SourceError

from .conftest import Look, problems, values


def test_json_lines(look: Look) -> None:
    data = '\ufeff{"email": "a@example.com", "n": 1}\n\n{"n": null, "late": {"x": [1]}}\n{nonsense\n[1]\n{}\n'
    source = look(data)
    assert (source.format, source.columns) == ("jsonl", ("email", "n", "late"))
    records = list(source.records())
    assert [record.line for record in records] == [1, 3, 4, 5]
    assert records[0].values == {"email": "a@example.com", "n": 1}
    assert records[1].values == {"n": None, "late": {"x": [1]}}
    assert [record.problem is None for record in records] == [True, True, False, False]
    assert str(records[2].problem).endswith(": '{nonsense'")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_wide_json_lines(look: Look, encoding: str) -> None:
    assert values(look('{"name": "Zoë"}\n{"name": "Jörg"}\n'.encode(encoding))) == [["Zoë"], ["Jörg"]]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"name": "Caf\xe9"}', "not JSON (a byte that is not UTF-8)"),
        (b'{"name": "\\ud800"}', "not JSON"),
        (b'{"name": "a", "n": 1, "name": "b"}', "the key 'name' stands in it twice"),
        (b'{"z": 1, "y": 1, "x": 1, "w": 1, "w": 2, "x": 2, "y": 2, "z": 2}', "the key 'z' stands in it twice"),
        (b"[" * 100_000, "not JSON"),
        (b"12", "not a JSON object"),
    ],
)
def test_a_bad_line_is_a_refused_row(look: Look, line: bytes, said: str) -> None:
    source = look(b'{"name": "x"}\n' + line + b'\n{"name": "y"}\n')
    first, second, third = problems(source)
    assert (first, third) == (None, None)
    assert said in str(second)
    assert len(str(second)) < 200


def test_an_array_of_objects(look: Look) -> None:
    source = look('[\n {"email": "a@b.nl", "attributes": {"city": "Delft"}},\n {"email": 2}, 3]')
    assert source.columns == ("email", "attributes.city")
    assert [record.values for record in source.records()][:2] == [
        {"email": "a@b.nl", "attributes.city": "Delft"},
        {"email": 2},
    ]
    assert problems(source)[2] == "not a JSON object: '3'"


@pytest.mark.parametrize("data", ["[{}", "{nonsense", '{\n "data": [\n{"a": 1}]\n}', "[1, 2]"])
def test_json_of_another_form_is_refused(look: Look, data: str) -> None:
    with pytest.raises(SourceError, match=r"no JSON object|can't be read"):
        look(data, format="jsonl")


def test_keys_without_end_are_refused(look: Look) -> None:
    with pytest.raises(SourceError, match="1000 different keys"):
        look("\n".join(f'{{"k{n}": 1}}' for n in range(1002)))


def test_numbers_with_an_exponent_keep_their_notation(look: Look) -> None:
    """Whether digits were lost can't be seen any more: they count, and name nothing."""
    source = look('{"n": 2.5, "a": 2.026e11, "b": 15E-1, "c": 1e999999999}\n')
    n, a, b, c = next(source.records()).values.values()
    assert (n, a.text, a.value, b.text, b.value) == (2.5, "2.026E11", 202_600_000_000, "15E-1", Decimal("1.5"))
    assert (c.text, c.value) == ("1E999999999", None)
    for shortened in (a, b, c):
        with pytest.raises(ValueError, match="is a shortened number"):
            text_cells.identifier(shortened)
