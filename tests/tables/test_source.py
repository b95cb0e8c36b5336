"""A file is what its content says."""

from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path

import pytest

from leat_async.tables import unpack
from leat_async.tables.table import SourceError, cell_text
from leat_async.tables.unpack import spool

from .conftest import Look, values
from .workbooks import zipped


def test_fingerprint_follows_the_bytes(look: Look) -> None:
    one, same, other = (look(data).fingerprint for data in ("a,b\n1,2\n", "a,b\n1,2\n", "a,b\n1,3\n"))
    assert one == same != other


def test_stdin_is_spooled_privately(look: Look, tmp_path: Path) -> None:
    path = spool(io.BytesIO(b"a,b\n1,2\n"), tmp_path)
    assert values(look(path)) == [["1", "2"]]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600


def test_packed_files_are_unpacked(look: Look) -> None:
    data = b"a,b\n1,2\n"
    for packed in (
        gzip.compress(data),
        zipped({"x.csv": data, "__MACOSX/._x.csv": b"?"}),
        zipped({"x.gz": gzip.compress(data)}),
    ):
        source = look(packed)
        assert values(source) == [["1", "2"]]
        assert source.fingerprint == look(data).fingerprint


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped({"a.csv": "a", "b.csv": "b"}), r"a zip with 2 files \(a.csv, b.csv\)"),
        (zipped({}), r"a zip with 0 files \(nothing\)"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "a broken gzip file"),
        (b"PK\x03\x04" + bytes(50), "broken zip file"),
        (b'{"a": 1, "a": 2}\n', "no JSON object that can be read.*the key 'a' stands in it twice"),
        (b"BZh91AY", "packed with bzip2"),
        (b"%PDF-1.7", "a PDF"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html><html>", "an HTML page"),
        (b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>", "an XML file"),
        (b"MIME-Version: 1.0\n", "a web page saved as one file"),
        (zipped({"[Content_Types].xml": "", "word/document.xml": ""}), "a document, not a workbook"),
    ],
)
def test_what_is_no_table_is_named(look: Look, data: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        look(data)


def test_what_unpacks_without_end_is_refused(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MAX_UNPACKED", 1 << 20)
    with pytest.raises(SourceError, match="unpacks to more than"):
        look(gzip.compress(bytes(3 << 20)))


def test_missing_files_and_directories_are_refused(look: Look, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "lost").symlink_to("nowhere")
    for path, said in {
        tmp_path / "none.csv": "no such file",
        tmp_path: "a directory; name a file in it",
        tmp_path / "loop": "leads back to itself",
        tmp_path / "lost": "a link to a file that is not there",
        Path("/dev/null"): "a device or a pipe, not a file",
        Path("/dev/stdin"): "stdin is named -",
    }.items():
        with pytest.raises(SourceError, match=said):
            look(path)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_files_that_may_not_be_read_are_refused(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("a,b\n")
    path.chmod(0)
    with pytest.raises(SourceError, match="can't be read"):
        look(path)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (4.0, "4"), (4.5, "4.5"), ({"x": [1]}, '{"x":[1]}'), (1e300, "1e+300")],
)
def test_values_as_text(value: object, text: str) -> None:
    assert cell_text(value) == text
