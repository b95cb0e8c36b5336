"""A sandbox in a thread of its own, a synchronous client on it, and scripts in processes of their own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient

PATIENCE = 15.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def leat(sandbox: Sandbox) -> Iterator[LeatClient]:
    with LeatClient(sandbox.token, base_url=sandbox.url) as leat:
        yield leat


def fill(sandbox: Sandbox, leat: LeatClient, count: int) -> list[str]:
    """Make visits and return their external ids, in order."""
    shop = sandbox.shops[0]["uuid"]
    contact = sandbox.create_contact()["uuid"]
    for number in range(count):
        leat.visits.create(contact_uuid=contact, shop_uuid=shop, external_id=f"e-{number}")
    return [f"e-{number}" for number in range(count)]


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def descriptors() -> int:
    """Open descriptors of this process."""
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))


def ours() -> list[threading.Thread]:
    """Threads of clients."""
    return [thread for thread in threading.enumerate() if thread.name == "leat-sync"]


@pytest.fixture
def crossings(leat: LeatClient, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every call that goes over the bridge."""
    made: list[Any] = []
    call = leat._bridge.call

    def counted(fn: Any, *args: Any, **options: Any) -> Any:
        made.append(fn)
        return call(fn, *args, **options)

    monkeypatch.setattr(leat._bridge, "call", counted)
    return made


@attrs.frozen
class Ended:
    """A finished script."""

    code: int
    out: str
    err: str


class Script:
    """A Python script in a process of its own, with the sandbox's address and token."""

    def __init__(self, sandbox: Sandbox, text: str, *options: str) -> None:
        head = (
            "import os, sys, threading, time\n"
            "from leat_async.sync import LeatClient, errors\n"
            f"URL, TOKEN = {sandbox.url!r}, {sandbox.token!r}\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, *options, "-c", head + text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait(self, seconds: float = PATIENCE) -> Ended:
        """Its end; one that hangs is killed and fails the test."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            pytest.fail(f"the script hung; it had said: {out}\n{err}")
        return Ended(self.process.returncode, out, err)


@pytest.fixture
def script(sandbox: Sandbox) -> Iterator[Callable[..., Script]]:
    made: list[Script] = []

    def start(text: str, *options: str) -> Script:
        made.append(Script(sandbox, text, *options))
        return made[-1]

    yield start
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


def collect_garbage() -> None:
    """Twice: the first may leave what only finalizers let go."""
    gc.collect()
    gc.collect()
