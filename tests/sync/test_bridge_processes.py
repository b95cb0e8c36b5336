"""The synchronous client in real processes: Ctrl-C, fork, and the interpreter's exit."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable

import pytest

from leat_async.sandbox import Sandbox

from ..timing import within
from .conftest import Script, until

Start = Callable[..., Script]
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and POSIX signals")
OPEN = "leat = LeatClient(TOKEN, base_url=URL, timeout=20)\nassert leat.shops.list().first()\n"


def asked_for(sandbox: Sandbox, operation: str) -> int:
    return len(sandbox.journal.entries(operation))


@pytest.mark.alone
@posix
def test_sigint_ends_the_call_within_a_second_and_the_next_one_works(sandbox: Sandbox, script: Start) -> None:
    sandbox.faults.add("hang", "visits.list")

    def attempt() -> float:
        before = asked_for(sandbox, "visits.list")
        running = script(
            OPEN
            + """
import asyncio
async def tasks():
    return len(asyncio.all_tasks()) - 1
idle = leat._bridge.call(tasks)
try:
    leat.visits.list().collect()
except KeyboardInterrupt:
    print("interrupted", time.time())
assert leat._bridge.call(tasks) == idle
assert leat.shops.list().first()
leat.close()
print("left", threading.active_count())
"""
        )
        until(lambda: asked_for(sandbox, "visits.list") > before)
        sent = time.time()
        running.process.send_signal(signal.SIGINT)
        ended = running.wait()
        assert (ended.code, ended.err) == (0, "")
        interrupted, left = ended.out.splitlines()
        assert left == "left 1"
        return float(interrupted.split()[1]) - sent

    assert within(1.0, attempt)


@pytest.mark.alone
@posix
@pytest.mark.parametrize("hanging", ["visits.list", "visits.create"])
def test_sigint_that_nobody_catches_ends_the_process_within_a_second(
    sandbox: Sandbox, script: Start, hanging: str
) -> None:
    sandbox.faults.add("hang", hanging)
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]

    def attempt() -> float:
        before = asked_for(sandbox, hanging)
        running = script(
            "with LeatClient(TOKEN, base_url=URL, timeout=20) as leat:\n"
            f"    leat.visits.create(contact_uuid={contact!r}, shop_uuid={shop!r}, external_id='e-{before}')\n"
            "    for visit in leat.visits.list():\n"
            "        print('a row')\n"
        )
        until(lambda: asked_for(sandbox, hanging) > before)
        sent = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        ended = running.wait()
        took = time.monotonic() - sent
        assert ended.code == -signal.SIGINT
        assert ended.err.rstrip().endswith("KeyboardInterrupt")
        assert "never awaited" not in ended.err
        assert "Unclosed" not in ended.err
        return took

    assert within(1.0, attempt)


@posix
def test_a_hail_of_sigints_leaves_nothing_behind() -> None:
    with Sandbox(seed=1, rate_limit=(10**6, 60.0)) as sandbox:
        hail(sandbox)


def hail(sandbox: Sandbox) -> None:
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    running = Script(
        sandbox,
        f"""
import asyncio, signal
async def tasks():
    return len(asyncio.all_tasks()) - 1
with LeatClient(TOKEN, base_url=URL, rate_limit=None) as leat:
    for number in range(9):
        leat.visits.create(contact_uuid={contact!r}, shop_uuid={shop!r}, external_id=f"e-{{number}}")
    idle = leat._bridge.call(tasks)
    # Raised once a round at most, so that none strikes while another is being dealt with.
    armed = False
    def handler(number, frame):
        global armed
        if armed:
            armed = False
            raise KeyboardInterrupt
    signal.signal(signal.SIGINT, handler)
    print("ready", flush=True)
    hits = rounds = 0
    began = time.monotonic()
    # Two seconds, and on a machine that has other work as many as it takes.
    while time.monotonic() < began + (2 if hits > 20 else 60):
        rounds += 1
        try:
            armed = True
            assert len(list(leat.visits.list(limit=4))) == 9
            assert len(list(leat.visits.list(limit=4).pages(ahead=2))) == 3
            armed = False
        except KeyboardInterrupt:
            hits += 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert len(leat.visits.list(limit=4).collect()) == 9
    time.sleep(0.2)
    assert leat._bridge.call(tasks) == idle
    assert not leat._bridge._engine.calls
    assert hits > 20, (hits, rounds)
""",
    )
    assert running.process.stdout is not None
    assert running.process.stdout.readline() == "ready\n"
    chance = random.Random(1)
    while running.process.poll() is None:
        running.process.send_signal(signal.SIGINT)
        time.sleep(chance.uniform(0, 0.03))
    ended = running.wait()
    assert ended.code == 0, ended.err


@pytest.mark.alone
@posix
@pytest.mark.parametrize("caught", [True, False])
def test_sigint_during_a_name_look_up_that_hangs(script: Start, caught: bool) -> None:
    def attempt() -> float:
        running = script(
            """
import socket
def getaddrinfo(*args, **options):
    print("looking up", flush=True)
    time.sleep(60)
socket.getaddrinfo = getaddrinfo
with LeatClient(TOKEN, base_url="https://leat.example") as leat:
    try:
        leat.shops.list().first()
    except """
            + ("KeyboardInterrupt" if caught else "ZeroDivisionError")
            + """:
        print("caught")
"""
        )
        assert running.process.stdout is not None
        assert running.process.stdout.readline() == "looking up\n"
        sent = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        ended = running.wait()
        took = time.monotonic() - sent
        assert ended.code == (0 if caught else -signal.SIGINT)
        assert ended.err.count("Traceback") == (0 if caught else 1)
        return took

    assert within(1.0, attempt)


def test_exit_with_an_open_client_is_quick_and_silent(script: Start) -> None:
    began = time.monotonic()
    ended = script(OPEN + "print('done')").wait()
    assert (ended.code, ended.out, ended.err) == (0, "done\n", "")
    # On a machine that has other work; a call that hangs has twenty.
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "end",
    [
        "",
        "del leat\nimport gc; gc.collect()",
        "rows = iter(leat.shops.list()); next(rows)",
        "view = leat.with_options(timeout=1.0); view.shops.list().first(); del leat",
        "sys.exit(0)",
    ],
)
def test_exit_with_an_open_client_warns_once_when_asked_to(script: Start, end: str) -> None:
    ended = script(OPEN + end, "-X", "dev").wait()
    assert ended.code == 0
    assert ended.err.count("ResourceWarning") == 1, ended.err
    assert "unclosed leat_async.sync client" in ended.err
    assert "Unclosed" not in ended.err
    assert "Traceback" not in ended.err


def test_a_closed_client_says_nothing_at_exit(script: Start) -> None:
    ended = script("with LeatClient(TOKEN, base_url=URL) as leat:\n    leat.shops.list().first()", "-X", "dev").wait()
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.alone
def test_exit_while_a_daemon_thread_waits_in_a_call(sandbox: Sandbox, script: Start) -> None:
    sandbox.faults.add("hang", "visits.list")
    running = script(
        OPEN
        + """
def work():
    try:
        leat.visits.list().first()
    except errors.LeatError:
        pass
threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
"""
    )
    until(lambda: any(entry.operation == "visits.list" for entry in sandbox.journal))
    began = time.monotonic()
    ended = running.wait()
    assert (ended.code, ended.err) == (0, "")
    assert time.monotonic() - began < 3


def test_worker_threads_go_on_after_the_main_thread_has_ended(script: Start) -> None:
    ended = script(
        """
leat = LeatClient(TOKEN, base_url=URL.replace("127.0.0.1", "localhost")).__enter__()
def work():
    threading.main_thread().join()
    assert leat.shops.list().first()
    leat.close()
    print("worked")
threading.Thread(target=work).start()
"""
    ).wait()
    assert (ended.code, ended.out, ended.err) == (0, "worked\n", "")


FORK = """
def in_child(work):
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = work()
        finally:
            if leave_normally:
                sys.exit(code)
            os._exit(code)
    deadline = time.monotonic() + 10
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            return "hung"
        time.sleep(0.01)
"""


@pytest.mark.alone
@posix
@pytest.mark.parametrize("leave_normally", [True, False])
def test_a_fork_under_load_gives_the_child_the_error_and_the_parent_its_rows(
    script: Start, sandbox: Sandbox, leave_normally: bool
) -> None:
    ended = script(
        f"leave_normally = {leave_normally}\n"
        + FORK
        + OPEN
        + """
from concurrent.futures import ThreadPoolExecutor
rows = iter(leat.shops.list())
next(rows)
shops = {shop.uuid for shop in leat.shops.list()}
stop = threading.Event()

def work():
    count = 0
    while not stop.is_set():
        answer = leat.request("GET", "/shops")
        assert {row["uuid"] for row in answer.data} == shops
        assert len(answer.attempts) == 1, answer.attempts
        count += 1
    return count

def refused():
    began = time.monotonic()
    for call in (lambda: leat.shops.list().first(), lambda: leat.request("GET", "/shops"), lambda: list(rows)):
        try:
            call()
        except errors.LifecycleError as error:
            assert "fork" in str(error), error
        else:
            return 1
    leat.close()
    assert time.monotonic() - began < 5
    with LeatClient(TOKEN, base_url=URL) as own:
        assert {shop.uuid for shop in own.shops.list()} == shops
    return 7

def dropped():
    global leat, rows
    import gc
    del leat, rows
    gc.collect()
    return 8

pool = ThreadPoolExecutor(8)
futures = [pool.submit(work) for _ in range(8)]
time.sleep(0.1)
ends = [in_child(refused) for _ in range(4)] + [in_child(dropped) for _ in range(2)]
time.sleep(0.1)
stop.set()
assert all(future.result(15) > 0 for future in futures)
pool.shutdown()
# The children's end must not have touched the kept connections.
for _ in range(20):
    assert len(leat.request("GET", "/shops").attempts) == 1
leat.close()
print(ends)
""",
        "-W",
        "ignore::DeprecationWarning",
    ).wait(60)
    assert ended.out == "[7, 7, 7, 7, 8, 8]\n", ended.err
    assert ended.code == 0
    assert ended.err == ""


@posix
def test_a_client_made_before_the_fork_and_opened_after_it_works_in_both(script: Start) -> None:
    ended = script(
        "leave_normally = True\n"
        + FORK
        + """
leat = LeatClient(TOKEN, base_url=URL)
def work():
    assert leat.shops.list().first()
    leat.close()
    return 7
print(in_child(work), in_child(work))
assert work() == 7
""",
        "-W",
        "ignore::DeprecationWarning",
    ).wait()
    assert (ended.code, ended.out, ended.err) == (0, "7 7\n", "")


@posix
def test_leaving_a_with_block_in_a_forked_child_does_nothing(script: Start) -> None:
    ended = script(
        """
with LeatClient(TOKEN, base_url=URL, timeout=5) as leat:
    assert leat.shops.list().first()
    pid = os.fork()
    if pid == 0:
        sys.exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert len(leat.request("GET", "/shops").attempts) == 1
""",
        "-W",
        "ignore::DeprecationWarning",
        "-W",
        "always::ResourceWarning",
    ).wait()
    assert (ended.code, ended.err) == (0, "")


@posix
def test_a_multiprocessing_pool_with_fork(script: Start) -> None:
    ended = script(
        OPEN
        + """
import multiprocessing
def work(_):
    try:
        leat.shops.list().first()
    except errors.LifecycleError:
        with LeatClient(TOKEN, base_url=URL) as own:
            return os.getpid() if own.shops.list().first() else 0
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(len(pool.map(work, range(8), chunksize=1)) == 8)
assert leat.shops.list().first()
leat.close()
""",
        "-W",
        "ignore::DeprecationWarning",
    ).wait()
    assert (ended.code, ended.out, ended.err) == (0, "True\n", "")
