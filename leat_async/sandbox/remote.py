"""Talking to a sandbox that runs in another process, by its controls."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

UNREACHABLE = 4
_STOP_SECONDS = _ANSWER_SECONDS = 10.0
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open  # a proxy is not asked for loopback


class NoSandbox(Exception):
    """What was asked is no sandbox, or does not answer; the text says which."""


class ControlRefused(ValueError):
    """The sandbox refuses a control; the text says why."""


def control(url: str, method: str, path: str, given: Any = None) -> Any:
    """Carry out a control and return its data."""
    body = None if given is None else json.dumps(given).encode()
    request = urllib.request.Request(  # noqa: S310 - the url is one of loopback, or what the user gave
        f"{url}/_sandbox/{path}", body, {"Content-Type": "application/json"}, method=method
    )
    try:
        with _open(request, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        with error:
            try:
                raise ControlRefused(str(json.load(error)["message"])) from None
            except ControlRefused:
                raise
            except (ValueError, KeyError, TypeError):
                raise NoSandbox(f"what answers at {url} is no sandbox") from None
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        raise NoSandbox(f"no sandbox answers at {url}") from None


def stop(port: int) -> int:
    """End the sandbox on a port of this machine, and wait until it has ended; returns the exit code."""
    url = f"http://127.0.0.1:{port}"
    try:
        control(url, "POST", "stop", {})
    except (NoSandbox, ControlRefused) as problem:
        sys.stderr.write(f"{problem}\n")
        return UNREACHABLE
    ends = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < ends:
        try:
            control(url, "GET", "health")
        except NoSandbox:
            return 0
        time.sleep(0.05)
    sys.stderr.write(f"the sandbox at {url} was told to stop, and still answers\n")
    return UNREACHABLE


def trigger(port: int, event: str, data: Any, uuid: str | None) -> int:
    """Have the sandbox on a port deliver an event, and print what became of each delivery; returns the exit code."""
    url = f"http://127.0.0.1:{port}"
    given = {"event": event, "data": data, "uuid": uuid}
    try:
        made = control(url, "POST", "trigger", {name: value for name, value in given.items() if value is not None})
        if not made:
            sys.stderr.write(f"there is no active subscription to {event}; `leat webhooks listen` makes one\n")
            return 1
        numbers = {one["number"] for one in made}
        ends = time.monotonic() + _ANSWER_SECONDS
        while any(_is_under_way(one) for one in made) and time.monotonic() < ends:
            time.sleep(0.02)
            made = [one for one in control(url, "GET", f"deliveries?event={event}") if one["number"] in numbers]
    except NoSandbox as problem:
        sys.stderr.write(f"{problem}\n")
        return UNREACHABLE
    for one in made:
        sys.stdout.write(json.dumps(one) + "\n")
    return 0 if all(one["state"] == "delivered" for one in made) else 1


def _is_under_way(delivery: Any) -> bool:
    return delivery["state"] == "waiting" and not delivery["attempts"]
