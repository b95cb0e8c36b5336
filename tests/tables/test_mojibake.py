"""Cells of UTF-8 in a file of an old encoding are noticed, and what is only accented is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from leat_async.tables.mojibake import may_hold, repaired
from leat_async.tables.rejects import write_rejects
from leat_async.tables.source import open_source
from leat_async.tables.table import SourceError

WORDS = ["Café Zürich", "Łódź", "naïve – “quoted”", "12,50 €", "Αθήνα", "Москва", "张伟", "Ada 🎉"]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso8859-15", "cp850", "mac-roman", "cp1250"])
@pytest.mark.parametrize("word", WORDS)
def test_utf_8_in_an_old_encoding_is_noticed(word: str, encoding: str) -> None:
    assert may_hold(encoding)
    try:
        shown = word.encode().decode(encoding)
    except UnicodeDecodeError:
        pytest.skip("such bytes are none of this encoding: the file is refused as a whole")
    assert repaired(shown, encoding) == word


@pytest.mark.parametrize("times", [2, 3])
def test_what_was_made_so_several_times_is_told_as_it_was(times: int) -> None:
    shown = "Café Zürich"
    for _ in range(times):
        shown = shown.encode().decode("cp1252")
    assert repaired(shown, "cp1252") == "Café Zürich"


@pytest.mark.parametrize(
    "text",
    [
        *("Café", "Zürich", "NESTLÉ®", "CAFÉ\xa0BAR", "AMANHÃ…", "IRMÃ”", "É™", "Ã", "São João", "Ängelholm"),
        *("Citroën Â®é", "Grüße an Müller", "déjà vu", "«\xa0Café\xa0»", "12 €", "½ pint", "Señor Muñoz", "façade…”"),
    ],
)
def test_plain_words_are_not(text: str) -> None:
    assert repaired(text, "cp1252") is None


def test_an_encoding_whose_words_look_so_is_left_alone() -> None:
    assert not may_hold("cp1251")  # «Её» is a word, and UTF-8 as well
    assert not may_hold("utf-8")


def test_its_row_is_refused_with_column_and_what_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_bytes("name;town\nZoë;Zürich\n".encode("cp1252") + "Café Zürich;Delft\n".encode() + b"J\xf6rg;Delft\n")
    with pytest.raises(SourceError, match="CafÃ© ZÃ¼rich as cp1252"):
        open_source(path, tmp_path)
    source = open_source(path, tmp_path, encoding="cp1252")
    problem = (
        "name: 'CafÃ© ZÃ¼rich' looks like UTF-8 that is read as cp1252, and may be 'Café Zürich'; "
        "correct it, or save the file as UTF-8 if it is meant so"
    )
    assert [(record.line, record.problem) for record in source.records()] == [(2, None), (3, problem), (4, None)]

    meant = tmp_path / "meant.csv"
    meant.write_text("name;town\nCafÃ© ZÃ¼rich;Delft\n", encoding="utf-8")
    assert [record.problem for record in open_source(meant, tmp_path).records()] == [None]

    rejects = tmp_path / "rejects.csv"
    assert write_rejects(rejects, source, [(1, problem)], lambda record: ()) == 1
    rejects.write_bytes(rejects.read_bytes().replace("Café Zürich;".encode(), b"Caf\xe9 Z\xfcrich;", 1))
    (corrected,) = open_source(rejects, tmp_path, encoding="cp1252").records()
    assert (corrected.values["name"], corrected.problem) == ("Café Zürich", None)
