"""The way from plain calls to coroutines: one event loop in a thread of its own for each client.

A call takes a lock, hands itself to the loop and waits for the lock; the loop runs the coroutine in a task and
releases the lock. That is three times faster than a `concurrent.futures.Future` with its condition, and any number
of threads may do it at once. A loop that only runs while somebody calls would be faster still with one thread, but
token renewals and connection keep-alive need one that always runs, and so does a call from a second thread.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import warnings
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ..errors import LifecycleError, OutcomeUnknownError
from ._awaited import refuse_await

if TYPE_CHECKING:
    from ..client import LeatClient

T = TypeVar("T")
P = ParamSpec("P")

# How long (seconds) an interrupted or closed-upon call may take to end before nobody waits for it any more.
GRACE = 0.5
# How long (seconds) close and the interpreter's exit wait for the thread.
_CLOSING = 5.0
_EXITING = 2.0


class _Call:
    """One call on its way: `lock` is held until `value` or `error` is there."""

    __slots__ = ("args", "done", "engine", "error", "fn", "kwargs", "lock", "task", "value")

    def __init__(self, engine: _Engine, fn: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> None:
        self.engine = engine
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.task: asyncio.Task[None] | None = None
        self.lock = threading.Lock()
        self.lock.acquire()

    def start(self) -> None:
        self.task = self.engine.loop.create_task(self._run())

    async def _run(self) -> None:
        # Whatever is raised belongs to the calling thread; nothing may reach the loop, which would stop at some.
        try:
            self.value = await self.fn(*self.args, **self.kwargs)
        except BaseException as error:
            self.error = error
        finally:
            self.end()

    def end(self) -> None:
        self.engine.calls.discard(self)
        self.done = True
        self.lock.release()

    def cancel(self) -> None:
        if self.task is not None:
            self.task.add_done_callback(self._gone)
            self.task.cancel()
        elif not self.done:
            # The interrupt came before the call was handed over, so it will never start.
            self.end()

    def _gone(self, task: asyncio.Task[None]) -> None:
        if not self.done:
            # Cancelled before its first step: the coroutine never ran, nor did its `finally`.
            self.end()


class _LookUps(ThreadPoolExecutor):
    """The loop's executor, which resolves names, with daemon threads instead of a pool.

    A look-up can't be cancelled and may take half a minute. The interpreter's exit waits for the threads of a pool,
    and a pool takes no more work once the main thread has ended, though others may still use the client.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:
                    future.set_exception(error)

        try:
            threading.Thread(target=work, name="leat-sync-lookup", daemon=True).start()
        except RuntimeError:
            work()  # from Python 3.12 on, no thread can be started once the main one has ended
        return future


class _Engine:
    """What the thread holds: the loop and the client. It knows nothing of the bridge, which can so be collected.

    In a forked child the thread is gone but its stack is never unwound, so loop and connections stay alive there,
    untouched. That matters: taking them apart in the child would unregister the parent's connections, because the
    two processes share one epoll.
    """

    loop: asyncio.AbstractEventLoop
    _stopping: asyncio.Event

    def __init__(self, client: LeatClient, made_at: str) -> None:
        self.client = client
        self.made_at = made_at
        self.pid = os.getpid()
        self.ready = threading.Event()
        self.failure: BaseException | None = None
        self.ended = False
        self.calls: set[_Call] = set()
        self.pumps: set[asyncio.Task[None]] = set()
        self._served = False
        self.thread = threading.Thread(target=self._live, name="leat-sync", daemon=True)

    def _live(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            # asyncio ends its executor in a thread, which from Python 3.12 on can't be had at exit, nor is needed.
            if not (self._served and isinstance(error, RuntimeError)):
                self.failure = error
        finally:
            self.ended = True
            self.ready.set()
            for call in tuple(self.calls):
                call.error = _closed()
                call.end()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.set_default_executor(_LookUps())
        self._stopping = asyncio.Event()
        self.ready.set()
        await self._stopping.wait()
        pumps = tuple(self.pumps)
        for pump in pumps:
            # One that is stopping already must not be disturbed in its clean-up.
            if not pump.cancelling():
                pump.cancel()
        if pumps:
            await asyncio.wait(pumps, timeout=GRACE)
        await self.client.aclose()
        # Calls on their way end by themselves, now that their connections are gone: a write that was sent as an
        # OutcomeUnknownError. What still runs after that is cancelled by asyncio.run.
        running = [call.task for call in tuple(self.calls) if call.task is not None]
        if running:
            await asyncio.wait(running, timeout=GRACE)
        self._served = True

    def submit(self, call: _Call) -> None:
        """Hand a call to the loop."""
        self.calls.add(call)
        try:
            self.loop.call_soon_threadsafe(call.start)
        except RuntimeError:
            self.calls.discard(call)
            raise _closed() from None
        # The loop may have ended before it could take the call, too late for the end to find it among the others.
        if self.ended:
            self.calls.discard(call)
            raise _closed()

    def recall(self, call: _Call) -> None:
        """Cancel a call whose caller was interrupted, and give it a moment to end."""
        if call.done:
            return
        try:
            self.loop.call_soon_threadsafe(call.cancel)
        except RuntimeError:
            return
        call.lock.acquire(timeout=GRACE)

    def stop_soon(self) -> None:
        """Have the loop close the client and end; returns at once."""
        self.ready.wait()
        try:
            self.loop.call_soon_threadsafe(self._stopping.set)
        except (AttributeError, RuntimeError):
            return  # it never came up, or has ended

    def let_go(self, bridge: weakref.ref[Bridge]) -> None:
        """The bridge was collected without a close, or the interpreter exits while it is open."""
        if self.pid != os.getpid() or self.ended:
            return
        self.stop_soon()
        if bridge() is not None:
            # At exit; a collection may happen in any thread, the loop's own included, so it must not wait.
            self.thread.join(_EXITING)
            # Should the thread still live, it is about to be frozen: clean-ups to come must not wait for it.
            self.ended = True
        warnings.warn(
            f"unclosed leat_async.sync client of {self.client!r}, made at {self.made_at}: write "
            "'with LeatClient(…) as leat:', or end with 'leat.close()'",
            ResourceWarning,
            stacklevel=2,
        )


class Bridge:
    """Runs coroutines of one client for any number of threads; started by the first call."""

    def __init__(self, client: LeatClient, made_at: str) -> None:
        self._client = client
        self._made_at = made_at
        self._pid: int | None = None
        self._engine: _Engine | None = None
        self._closed = False
        self._lock = threading.Lock()

    def call(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a coroutine function on the loop and wait for what it gives.

        An exception that strikes the waiting thread, such as KeyboardInterrupt, cancels the coroutine first.
        """
        refuse_await()
        engine = self._enter()
        call = _Call(engine, fn, args, kwargs)
        try:
            engine.submit(call)
            call.lock.acquire()
        except BaseException:
            engine.recall(call)
            raise
        if call.error is None:
            value: T = call.value
            return value
        error, call.error = call.error, None
        try:
            raise self.crossing(error)
        finally:
            # The traceback refers to this frame; the frame must not refer back.
            del error, call

    def drive(self, awaitable: Awaitable[T]) -> T:
        """Run an awaitable on the loop and wait for what it gives."""

        async def wait() -> T:
            return await awaitable

        try:
            return self.call(wait)
        finally:
            if inspect.iscoroutine(awaitable) and inspect.getcoroutinestate(awaitable) == inspect.CORO_CREATED:
                awaitable.close()  # refused; it will never run

    def open(self) -> None:
        """Start now rather than at the first call."""
        self._enter()

    def close(self) -> None:
        """Close the client and end the thread; again is no error, and neither is a forked child's copy."""
        if self._pid is not None and self._pid != os.getpid():
            return
        self._refuse_own_thread()
        with self._lock:
            self._closed = True
        engine = self._engine
        if engine is None:
            return
        self._finalizer.detach()
        engine.stop_soon()
        engine.thread.join(_CLOSING)
        if engine.failure is not None:
            failure, engine.failure = engine.failure, None
            raise failure

    def adopt(self, error: BaseException | None) -> None:
        """Make `reconcile()` of an error a plain call."""
        if isinstance(error, OutcomeUnknownError):
            error._drive = self.drive  # pyright: ignore[reportPrivateUsage]

    def cancel_soon(self, task: asyncio.Task[None]) -> None:
        """Cancel a task without waiting, from any thread; one whose loop has ended is gone already."""
        engine = self._engine
        if engine is not None and engine.pid == os.getpid():
            with suppress(RuntimeError):
                engine.loop.call_soon_threadsafe(task.cancel)

    @property
    def pumps(self) -> set[asyncio.Task[None]]:
        """The tasks behind open generators, which closing the client ends."""
        assert self._engine is not None
        return self._engine.pumps

    def tidy(self, fn: Callable[P, Coroutine[Any, Any, None]], /, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Run a clean-up, unless the loop is gone or this is its own thread, where a garbage collection may end up."""
        engine = self._engine
        if engine is None or engine.pid != os.getpid() or engine.ended:
            return False
        if self._closed or engine.thread.ident == threading.get_ident():
            return False
        with suppress(LifecycleError):
            self.call(fn, *args, **kwargs)
        return True

    def _enter(self) -> _Engine:
        engine = self._engine
        pid = os.getpid()
        if self._pid != pid:
            # Looked at before any lock: after a fork nobody would ever release one.
            if self._pid is not None:
                raise LifecycleError("this client was opened before a fork; make a LeatClient in each process")
            self._pid = pid
        if self._closed:
            raise _closed()
        if engine is None or not engine.ready.is_set():
            engine = self._start()
        self._refuse_own_thread()
        return engine

    def _refuse_own_thread(self) -> None:
        engine = self._engine
        # Once the thread has ended, another may be given its number.
        if engine is not None and not engine.ended and engine.thread.ident == threading.get_ident():
            raise LifecycleError(
                "called from the client's own thread, which would wait for itself for ever; hooks and callbacks must "
                "not use the client: hand the work to a thread of yours"
            )

    def _start(self) -> _Engine:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._engine is None:
                engine = _Engine(self._client, self._made_at)
                try:
                    engine.thread.start()
                except RuntimeError as error:
                    raise LifecycleError(f"the client's thread could not be started: {error}") from error
                self._engine = engine
                self._finalizer = weakref.finalize(self, engine.let_go, weakref.ref(self))
            engine = self._engine
        engine.ready.wait()
        if engine.failure is not None:
            raise LifecycleError(f"the client's event loop could not be started: {engine.failure}") from engine.failure
        return engine

    def crossing(self, error: BaseException) -> BaseException:
        """What the calling thread should see for an error of the loop."""
        if isinstance(error, asyncio.CancelledError):
            # Only closing cancels a call whose caller still waits.
            return _closed()
        self.adopt(error)
        return error


def _closed() -> LifecycleError:
    return LifecycleError("this client is closed; make a new LeatClient")
