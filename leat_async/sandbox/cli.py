"""The command line of the sandbox: the one declaration behind `python -m leat_async.sandbox` and `leat sandbox`."""

from __future__ import annotations

import argparse
import errno
import json
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .har import read
from .names import counted
from .remote import ControlRefused, stop, trigger
from .replay import replay
from .running import detach, serve

PORT = 8765
_COMMANDS = """\
commands:
  stop                  end the sandbox that runs on --port
  replay FILE           compare its answers with recorded ones
  trigger EVENT         have it deliver a webhook event
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and serve.

    Parameters:
        argv: its arguments, without the program; left out, those of this process.

    Returns:
        The exit code.
    """
    return run(argv, "python -m leat_async.sandbox")


def run(argv: Sequence[str] | None, program: str) -> int:
    """Do what the command line of a program of this name says; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] == ["stop"]:
        parser = _Parser(prog=f"{program} stop", description="End a sandbox that runs on this machine.")
        _add_port(parser)
        return stop(parser.parse_args(arguments[1:]).port)
    if arguments[:1] == ["replay"]:
        return _replay(program, arguments[1:])
    if arguments[:1] == ["trigger"]:
        return _trigger(program, arguments[1:])
    return _start(_parser(program), arguments)


def _replay(program: str, arguments: list[str]) -> int:
    parser = _Parser(
        prog=f"{program} replay",
        description="Send the requests of a HAR, or of a journal, through a fresh sandbox, and print where its answers"
        " differ from the recorded ones in status, shape or type. Nothing is sent to anybody.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    _add_seed(parser)
    given = parser.parse_args(arguments)
    try:
        found = replay(read(given.file), seed=given.seed)
    except OSError as problem:
        parser.error(f"{given.file}: {problem.strerror}")
    except ValueError as problem:
        parser.error(str(problem))
    for one in found.differences:
        sys.stdout.write(f"{one.number} {one.operation} {one.text}".encode("unicode_escape").decode() + "\n")
    skipped = f", {found.skipped} skipped that the API did not answer" if found.skipped else ""
    compared, differences = counted(found.compared, "request"), counted(len(found.differences), "difference")
    sys.stderr.write(f"{compared} compared, {differences}{skipped}\n")
    return 1 if found.differences else 0


def _trigger(program: str, arguments: list[str]) -> int:
    parser = _Parser(
        prog=f"{program} trigger",
        description="Deliver an event to its active subscriptions, and print what became of each delivery, as JSON.",
    )
    parser.add_argument("event", metavar="EVENT", help="for instance voucher_redeemed")
    parser.add_argument("--data", type=_object, metavar="JSON", help="what the event says, instead of the newest row")
    parser.add_argument("--uuid", help="the row that it is about")
    _add_port(parser)
    given = parser.parse_args(arguments)
    try:
        return trigger(given.port, given.event, given.data, given.uuid)
    except ControlRefused as refused:
        parser.error(str(refused))


def _start(parser: _Parser, arguments: list[str]) -> int:
    given = parser.parse_args(arguments)
    if given.exec is not None and not given.exec:
        parser.error("--exec needs a command")
    if given.exec is not None and given.detach:
        parser.error("--exec and --detach exclude each other")
    try:
        if given.detach:
            return detach([argument for argument in arguments if argument != "--detach"])
        return serve(
            # A command that is run once should not have to wait for another one's port.
            port=given.port if given.port is not None else 0 if given.exec else PORT,
            host=given.host,
            allow_remote=given.allow_remote,
            allowed_hosts=given.allow_host,
            seed=given.seed,
            state=given.state,
            rate_limit=given.rate_limit,
            faults=given.fault,
            quiet=given.quiet,
            command=given.exec,
            env_file=given.env_file,
            record=given.record,
        )
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            parser.error(f"--state {given.state}: another sandbox uses this file; end that one, or name another file")
        parser.error(f"--state {given.state}: {error}")
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            port = PORT if given.port is None else given.port
            parser.error(
                f"port {port} is in use; if a sandbox uses it, `{parser.prog} stop --port {port}` ends that one, and "
                "--port 0 takes a free port"
            )
        parser.error(str(error))


def _parser(program: str) -> _Parser:
    parser = _Parser(
        prog=program,
        description="A local Leat API to develop and test against; nothing on it reaches a customer.",
        epilog=_COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_port(parser, None)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--allow-remote", action="store_true", help="allow a --host that others can reach")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="a name, besides localhost and --host, by which clients may ask for it; may be repeated",
    )  # fmt: skip
    _add_seed(parser)
    parser.add_argument("--state", metavar="FILE", help="keep the account in this file")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="RULE",
        help='for instance "apply_then_drop visits.create nth=3"; may be repeated',
    )  # fmt: skip
    parser.add_argument("--rate-limit", type=_rate, default=(5000, 60.0), metavar="N/SECONDS", help="default: 5000/60")
    parser.add_argument("--quiet", action="store_true", help="do not print a line for each request")
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help="write what points a client at it to this file, as NAME=value"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", help="write all requests to this file, as HAR")
    parser.add_argument("--detach", action="store_true", help="go on in the background, until `stop`")
    parser.add_argument(
        "--exec", nargs=argparse.REMAINDER, metavar="COMMAND",
        help="run this command, which is all that follows, with the environment set, and end with its code",
    )  # fmt: skip
    return parser


def _add_seed(parser: _Parser) -> None:
    parser.add_argument("--seed", type=_seed, help='a number, or "demo" for an account with two years of data')


def _add_port(parser: _Parser, default: int | None = PORT) -> None:
    parser.add_argument("--port", type=_port, default=default, help=f"0 takes a free one (default: {PORT})")


def _object(text: str) -> Any:
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    if type(found) is not dict:
        raise argparse.ArgumentTypeError(f"a JSON object, not {text[:50]!r}")
    return found  # pyright: ignore[reportUnknownVariableType] - JSON has no other


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:6]) < 65_536:
        return int(text[:6])
    raise argparse.ArgumentTypeError(f"a number from 0 to 65535, not {text[:50]!r}")


def _seed(text: str) -> int | str:
    try:
        return text if text == "demo" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a number or demo, not {text!r}") from None


def _rate(text: str) -> tuple[int, float]:
    requests, _, seconds = text.partition("/")
    try:
        return int(requests), float(seconds or 60)
    except ValueError:
        raise argparse.ArgumentTypeError(f"requests per seconds, such as 5000/60, not {text!r}") from None
