"""Encodings: that of the whole file, or a question."""

from __future__ import annotations

import pytest

from leat_async.tables.table import SourceError

from .conftest import Look, problems, values


def test_encoding_is_that_of_the_whole_file(look: Look) -> None:
    ascii_part = b"name,email\n" + b"Anna,anna@example.com\n" * 100_000
    source = look(ascii_part + "Zoë,zoe@example.com\n".encode("cp1252"))
    assert source.encoding == "cp1252"
    *_, last = source.records()
    assert (last.values["name"], last.line) == ("Zoë", 100_002)


def test_utf8_cut_at_a_chunk_border_is_still_utf8(look: Look) -> None:
    head = b"name\n"
    filler = b"x" * ((1 << 20) - len(head) - 1)
    assert look(head + filler + "ë\n".encode()).encoding == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig"])
def test_wide_encodings_need_no_mark(look: Look, encoding: str) -> None:
    text = "e-mail;naam\r\nzoe@example.com;Zoë\r\n"
    assert values(look(text.encode(encoding))) == [["zoe@example.com", "Zoë"]]


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("Zoë,Jörg,Irène,Anaïs,Müller,Groß,Françoise,’s-Hertogenbosch,€ 12", "cp1252"),
        ("ZOË,MÜLLER", "cp1252"),
        ("Zoë,Jörg,André,Müller", "cp850"),
        ("Zoë,Jörg,André,Müller", "mac-roman"),
        ("Łukasz,Paweł,Małgorzata,Wiśniewski", "cp1250"),
    ],
)
def test_words_tell_the_encoding(look: Look, words: str, encoding: str) -> None:
    source = look(f"name,n\n{words.replace(',', ',1' + chr(10))},1\n".encode(encoding))
    assert [row[0] for row in values(source)] == words.split(",")
    assert source.words


def test_words_that_may_be_either_are_a_question(look: Look) -> None:
    with pytest.raises(
        SourceError, match=r"Dvoøák as cp1252; Dvořák as cp1250; .* --encoding, or encoding in its mapping"
    ):
        look("name,n\nDvořák,1\n".encode("cp1250"))
    assert values(look("name,n\nDvořák,1\n".encode("cp1250"), encoding="cp1250")) == [["Dvořák", "1"]]


def test_a_foreign_byte_refuses_its_row_and_no_more(look: Look) -> None:
    source = look("name,n\nZoë,1\nJörg,2\n".encode() + b"Ren\xe9,3\nAnna,4\n")
    assert source.encoding == "utf-8"
    first, second, third, fourth = problems(source)
    assert (first, second, fourth) == (None, None, None)
    assert third == "a byte that is not utf-8: 0xE9 in 'Ren\ufffd'"
    assert "refused" in source.notes[0]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"name\nZo\xeb\n", "utf-8"),
        (b"name\nZo\xb0\xdb\xfe\n", None),
        (b"name\nZo\xc3", "utf-8"),
        (b"name\nx\n", "klingon"),
        (b"name\nx\n", "base64"),
        ("name\nZo\n".encode("utf-16") + b"\0", None),
    ],
)
def test_bytes_of_no_known_encoding_are_refused(look: Look, data: bytes, encoding: str | None) -> None:
    with pytest.raises(SourceError, match="encoding"):
        look(data, encoding=encoding)
