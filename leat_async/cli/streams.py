"""Standard streams: what is shown does a terminal no harm, and one that is closed, full or left ends no command."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, BinaryIO, TextIO, cast

from ..written import spelled_out
from .exits import Exit, Stop, worded

_NAMES = ("stdin", "stdout", "stderr")
_closed: set[int] = set()
# A stream that is forgotten would close what it writes to.
_kept: list[object] = []


class OutStream(io.TextIOWrapper):
    """stdout or stderr, for text. Once its reader has left, it takes everything; stderr does so too when it is full."""

    def __init__(self, stream: TextIO, number: int, *, clean: bool) -> None:
        # A name that the terminal's encoding lacks must not end an import.
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=number == 2,
            write_through=True,
        )
        self._number = number
        self._clean = clean

    def write(self, text: str) -> int:
        """Write, cleaned of control characters unless the caller makes them itself."""
        try:
            return super().write(spelled_out(text) if self._clean else text)
        except OSError as error:
            self._failed(error)
            return len(text)

    def flush(self) -> None:
        """Bring everything out."""
        try:
            super().flush()
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError) and self._number != 2:
            raise error
        let_go(self._number)


def install() -> None:
    """Give closed streams a place that takes everything, and have text cleaned.

    Until then the next file that is opened would take their numbers, and be written to or closed in their stead.
    """
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            _closed.add(number)
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - it stays
        stream = getattr(sys, name)
        if number and hasattr(stream, "buffer") and not isinstance(stream, OutStream):
            stream.flush()
            _kept.append(stream)
            setattr(sys, name, OutStream(stream, number, clean=True))


def unfiltered(stderr: bool) -> TextIO:
    """The stream for a writer that makes escape sequences of its own, and cleans what it shows."""
    number = 2 if stderr else 1
    stream = sys.stderr if stderr else sys.stdout
    if not isinstance(stream, OutStream):
        return stream
    made = OutStream(stream, number, clean=False)
    _kept.append(made)
    return made


def data_out() -> BinaryIO:
    """stdout for data, whole lines of UTF-8. On a terminal it is cleaned as well, and otherwise what it is."""
    if 1 in _closed:
        raise Stop("stdout is closed, so there is no place for the data; redirect it to a file or a pipe")
    return cast("BinaryIO", _DataOut(sys.stdout.buffer, clean=sys.stdout.isatty()))


def data_in() -> BinaryIO:
    """stdin for data."""
    if 0 in _closed:
        raise Stop("stdin is closed; give it a file or a pipe")
    return sys.stdin.buffer


class ReaderLeft(Exception):
    """The reader of the data has had enough. No `BrokenPipeError`, which typer would end with a code of its own."""


class _DataOut:
    def __init__(self, out: BinaryIO, *, clean: bool) -> None:
        self._out = out
        self._clean = clean

    def write(self, data: bytes) -> int:
        try:
            return self._out.write(spelled_out(data.decode("utf-8", "replace")).encode() if self._clean else data)
        except BrokenPipeError:
            raise ReaderLeft from None

    def flush(self) -> None:
        try:
            self._out.flush()
        except BrokenPipeError:
            raise ReaderLeft from None


def let_go(number: int) -> None:
    """Have a stream take everything from now on, also what it could not write so far."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)


def finish(code: int) -> int:
    """Bring everything out before Python does, which would end with a code of its own if that fails."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        out: Any = stream
        try:
            out.flush()
        except OSError as error:
            let_go(number)
            print(f"leat: stdout: {worded(error)}", file=sys.stderr)
            code = code or Exit.TRY_AGAIN
        except ValueError:  # somebody closed it
            pass
    return code
