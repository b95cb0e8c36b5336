"""Receivers under aiohttp, FastAPI, Starlette, Django and Flask, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from leat_async import webhooks

from .serving import ASYNC, PLAIN, SECRET, Calls, post, serving

EVERY = ASYNC + PLAIN


def delivery(number: int = 1, kind: str = "voucher_redeemed") -> bytes:
    return json.dumps({"type": kind, "data": {"voucher": {"uuid": f"v-{number}", "code": "A/B"}}}).encode()


@pytest.mark.parametrize("kind", EVERY)
def test_each_answer(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    calls = Calls()
    body, wrong = delivery(), {"Signature": webhooks.sign(b"another body", SECRET)}
    with serving(kind, calls, seen=tmp_path / "seen.sqlite", max_body=5000) as url:
        assert post(url, body).status == 200
        again = post(url, body)
        assert (again.status, again.body) == (200, b'{"status":"duplicate"}')
        [event] = calls.events
        assert isinstance(event, webhooks.VoucherEvent)
        assert (event.voucher.code, event.attempt) == ("A/B", 1)
        assert post(url, body, {}).status == 401
        assert post(url, body, wrong).status == 401
        assert post(url, body, {"signature": webhooks.sign(body, SECRET).upper()}).status == 200
        for odd in (b"", b"{", b"[]", b"\xff\xfe", b'{"type": 5}'):
            assert post(url, odd).status == 400
        assert post(url, b"x" * 5001).status == 413
        assert post(url, delivery() + b" " * (5000 - len(body))).status == 200
        assert len(calls.events) == 2
        if kind not in ("django-asgi", "django-wsgi", "flask-view"):  # whose own routes say which methods there are
            refused = post(url, body, method="PUT")
            assert (refused.status, refused.headers.get("Allow") or refused.headers.get("allow")) == (405, "POST")
        calls.act = boom
        assert post(url, delivery(2)).status == 500
        calls.act = lambda event: None
        assert post(url, delivery(2)).status == 200
        assert [event.attempt for event in calls.events[2:]] == [1, 2]
        assert calls.events[2].key == calls.events[3].key != calls.events[0].key
    assert "v-1" not in caplog.text


def boom(event: webhooks.Event) -> None:
    raise LookupError("no such thing")


@pytest.mark.parametrize("kind", ["aiohttp", "bare-asgi", "bare-wsgi", "flask"])
def test_a_handler_that_takes_too_long_goes_on_and_is_not_called_twice(kind: str) -> None:
    going = threading.Event()
    calls = Calls(act=(lambda event: wait_for(going)) if kind in ASYNC else (lambda event: going.wait(10) and None))
    with serving(kind, calls, timeout=0.05) as url:
        assert (post(url, delivery()).status, post(url, delivery()).status) == (503, 503)
        going.set()
        until = time.monotonic() + 10
        while (again := post(url, delivery())).status == 503 and time.monotonic() < until:
            time.sleep(0.005)
        assert (again.status, again.body) == (200, b'{"status":"duplicate"}')
        assert len(calls.events) == 1


async def wait_for(event: threading.Event) -> None:
    while not event.is_set():
        await asyncio.sleep(0.005)


def test_in_a_lease_a_handler_is_cancelled_and_the_next_delivery_calls_again() -> None:
    calls = Calls(act=lambda event: asyncio.sleep(60))
    with serving("aiohttp", calls, timeout=0.1, lease=0.2) as url:
        assert post(url, delivery()).status == 503
        calls.act = lambda event: None
        until = time.monotonic() + 10
        while (again := post(url, delivery())).status == 503 and time.monotonic() < until:
            time.sleep(0.01)
        # A machine that has other work may take longer than the lease for the second as well.
        assert again.status == 200
        assert [event.attempt for event in calls.events][:2] == [1, 2]


@pytest.mark.parametrize("kind", ["aiohttp", "fastapi", "flask"])
def test_two_at_the_same_time_call_once(kind: str) -> None:
    going = threading.Event()
    calls = Calls(act=(lambda event: wait_for(going)) if kind in ASYNC else (lambda event: going.wait(10) and None))
    answers: list[int] = []
    with serving(kind, calls) as url:
        first = threading.Thread(target=lambda: answers.append(post(url, delivery()).status))
        first.start()
        while not calls.events:
            time.sleep(0.002)
        busy = post(url, delivery())
        assert busy.status == 503
        assert {name.lower(): value for name, value in busy.headers.items()}["retry-after"] == "10"
        going.set()
        first.join()
        assert answers == [200]
        assert post(url, delivery()).status == 200
    assert len(calls.events) == 1


@pytest.mark.parametrize("kind", ["aiohttp", "bare-asgi", "django-asgi", "bare-wsgi", "django-wsgi"])
def test_an_outbox_answers_at_once(kind: str, tmp_path: Path) -> None:
    calls = Calls(act=boom)
    with serving(kind, calls, seen=tmp_path / "box.sqlite", mode="outbox") as url:
        assert post(url, delivery()).body == b'{"status":"stored"}'
        assert post(url, delivery()).body == b'{"status":"duplicate"}'
        assert post(url, delivery(), {}).status == 401
        until = time.monotonic() + 10
        while not calls.events and time.monotonic() < until:
            time.sleep(0.005)
        assert [event.attempt for event in calls.events] == [1]


def exchange(url: str, sent: bytes, *, pause: float = 0.0, half: bool = False) -> bytes:
    """What comes back for raw bytes."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as sock:
        sock.sendall(sent.replace(b"PATH", parts.path.encode()))
        if half:
            sock.shutdown(socket.SHUT_WR)
        time.sleep(pause)
        return sock.recv(65536)


@pytest.mark.parametrize("kind", ["aiohttp", "bare-asgi", "fastapi"])
def test_bodies_in_pieces_slow_ones_and_cut_ones(kind: str) -> None:
    calls = Calls()
    body = delivery()
    head = b"POST PATH HTTP/1.1\r\nHost: x\r\nSignature: " + webhooks.sign(body, SECRET).encode() + b"\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body))) + b"0\r\n\r\n"
    with serving(kind, calls, max_body=3000) as url:
        assert b" 200 " in exchange(url, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        large = b"%x\r\n%s\r\n" % (3001, b"x" * 3001)
        assert b" 413 " in exchange(url, head + b"Transfer-Encoding: chunked\r\n\r\n" + large)
        exchange(url, head + b"Content-Length: 500\r\n\r\n" + body, half=True)
        assert b" 400 " in exchange(url, head + b"Transfer-Encoding: chunked\r\n\r\nno length\r\n")
        assert b" 401 " in exchange(
            url, head + head[head.index(b"Sig") :] + b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        assert post(url, delivery(2)).status == 200
    with serving(kind, calls, timeout=0.2) as url:
        assert b" 408 " in exchange(url, head + b"Content-Length: 500\r\n\r\n" + body)
    assert len(calls.events) == 2


@pytest.mark.parametrize("kind", ["aiohttp", "bare-wsgi"])
def test_a_store_out_of_reach_is_answered_503(kind: str, tmp_path: Path, valkey: Any, caplog: Any) -> None:
    calls = Calls()
    port = valkey.url
    with serving(kind, calls, seen=port) as url:
        assert post(url, delivery()).status == 200
        valkey.crash()
        assert post(url, delivery(2)).status == 503
        valkey.start()
        assert post(url, delivery(2)).status == 200
    assert [event.attempt for event in calls.events] == [1, 1]
    assert "can't be used" in caplog.text


def test_what_can_not_work_is_said_when_it_is_made(tmp_path: Path) -> None:
    async def awaited(event: webhooks.Event) -> None: ...

    def plain(event: webhooks.Event) -> None: ...

    make: dict[str, Callable[..., Any]] = {"aiohttp": webhooks.receiver, "asgi": webhooks.asgi, "wsgi": webhooks.wsgi}
    for name, maker in make.items():
        right, wrong = (plain, awaited) if name == "wsgi" else (awaited, plain)
        for handler in (wrong, None, 5):
            with pytest.raises(TypeError, match="handler must be"):
                maker(handler, secret=SECRET)
        bad: list[tuple[dict[str, Any], str]] = [
            ({"secret": None}, "secret is missing"),
            ({"secret": ""}, "secret must not be empty"),
            ({"secret": SECRET, "mode": "later"}, 'mode must be "inline" or "outbox"'),
            ({"secret": SECRET, "mode": "outbox"}, "an outbox needs SQLite"),
            ({"secret": SECRET, "mode": "outbox", "seen": "redis://127.0.0.1:9/0"}, "an outbox needs SQLite"),
            ({"secret": SECRET, "seen": "mysql://u:hush@h/x"}, "seen must be a file, redis://"),
            ({"secret": SECRET, "seen": tmp_path / "no" / "seen.sqlite"}, "folder of .* does not exist"),
            ({"secret": SECRET, "seen": tmp_path}, "is no file"),
            ({"secret": SECRET, "seen": "redis://127.0.0.1:nine/0"}, "url: redis://127.0.0.1:nine/0 can't be used"),
            (
                {"secret": SECRET, "seen": "redis://:hush@127.0.0.1:9/0?bogus=hush"},
                "url: redis://.* can't be used.*bogus",
            ),
            ({"secret": SECRET, "seen": ""}, "seen must not be empty"),
            ({"secret": SECRET, "timeout": 0}, "timeout must be a number of seconds above 0"),
            ({"secret": SECRET, "timeout": float("nan")}, "timeout must be"),
            ({"secret": SECRET, "timeout": 5.0, "lease": 5.0}, "lease must be longer than timeout"),
            ({"secret": SECRET, "window": -1}, "window must be seconds"),
            ({"secret": SECRET, "max_body": 0}, "max_body must be"),
        ]
        for options, text in bad:
            with pytest.raises(ValueError, match=text) as caught:
                maker(right, **options)
            assert "hush" not in str(caught.value)
        if name != "wsgi":
            with pytest.raises(TypeError, match="timeout must be a number of seconds"):
                maker(right, secret=SECRET, timeout=None)
        with pytest.raises(TypeError, match="seen must be a store, a path or a URL"):
            maker(right, secret=SECRET, seen=5)
        made = maker(right, secret=SECRET)
        assert SECRET not in repr(made)
        assert SECRET not in repr(made._settings)
