"""Queries, forms and multipart bodies are read as a real PHP reads them, and in bounded time.

`php_parsing.jsonl` holds what PHP said; `record_php_parsing.py` asked it.
"""

from __future__ import annotations

import json
import random
import re
import time
from typing import Any
from urllib.parse import unquote_plus

import pytest

from leat_async.sandbox.wire import MalformedBody, parse_body, parse_query

from .conftest import Wire
from .record_php_parsing import FIXTURE, FORM

SIZE = 8 * 1024 * 1024
MULTIPART = "multipart/form-data; boundary=b"


def ordered(value: Any) -> Any:
    """Arrays as pairs in their order: PHP's JSON has lists where keys count up, and marks broken UTF-8 otherwise."""
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if isinstance(value, dict):
        return [(ordered(key), ordered(item)) for key, item in value.items()]
    return re.sub("\ufffd+", "\ufffd", value)


def test_everything_recorded_is_read_as_php_read_it() -> None:
    first, *lines = FIXTURE.read_text().splitlines()
    assert json.loads(first)["php"].startswith("8.")
    kinds: dict[str, int] = {}
    for line in lines:
        kind, content_type, text, told = json.loads(line)
        data = text.encode("latin-1")
        is_query = kind == "query"
        read = parse_query(data.decode("utf-8", "surrogateescape")) if is_query else parse_body(content_type, data)
        assert ordered(read) == ordered(told), line
        kinds[kind] = kinds.get(kind, 0) + bool(told)
    assert min(kinds[kind] for kind in ("query", "form", "multipart")) > 150, kinds


def test_percent_encoding_is_decoded_as_everybody_does() -> None:
    draw = random.Random(1)
    pieces = ["%", "%4", "%41", "=", "\n", "\r\n", "+", "%3D", "%25", "%E2%82%AC", "%e2%82%ac", "_", " ", "%%", "\t\n"]
    for _ in range(3000):
        value = "".join(draw.choices(pieces, k=draw.randrange(1, 12)))
        read = parse_body(FORM, b"x=" + value.encode())
        assert read == {"x": unquote_plus(value)}


HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
ENDLESS = {
    "escapes": (FORM, b"a=%41%4"),
    "separators": (FORM, b"&"),
    "brackets": (FORM, b"[]"),
    "names": (FORM, b"a[b]"),
    "parts": (MULTIPART, HEAD),
    "boundaries": (MULTIPART, b"\n--b\n"),
    "heads": (MULTIPART, b"--b\r\nContent-Disposition: " + b';name="' * 700 + b"\r\n\r\n1\r\n"),
    "JSON lists": ("application/json", b"[],"),
    "percent signs": (FORM, b"%"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_body_of_full_size_is_read_or_refused_in_bounded_time(name: str) -> None:
    content_type, piece = ENDLESS[name]
    body = (piece * (SIZE // len(piece) + 1))[:SIZE]
    if content_type == FORM:
        body = b"a" + body
    began = time.process_time()
    try:
        parse_body(content_type, body)
    except MalformedBody as refused:
        assert name in ("JSON lists", "percent signs", "escapes"), refused
    assert time.process_time() - began < 1.5


def test_the_refusal_of_stray_percent_signs_is_readable(wire: Wire) -> None:
    answer = wire.ask("POST /contacts", {"Content-Type": FORM}, b"email=" + b"%" * 200_000)
    assert answer.status == 400
    assert answer.json["errors"] == {"body": ["100000 percent signs or more encode nothing."]}
    few = wire.ask("POST /contacts", {"Content-Type": FORM}, b"email=50%@example.com")
    assert few.status == 200
