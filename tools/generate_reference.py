"""The reference of the site: a page for every part of the public interface, made of its docstrings.

It is made of the same symbols as the record of the public interface, so what is public has an entry here. An operation
stands once: asynchronous and synchronous signature one below the other, one text for both.
"""

from __future__ import annotations

import importlib
import inspect
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout, suppress
from typing import Any, cast

import attrs
import typer.main
from sphinx.ext import napoleon
from sphinx.ext.napoleon.docstring import GoogleDocstring

from leat_async import Unset
from leat_async.cli.app import app
from leat_async.sandbox.cli import run

from .api_snapshot import Interface, Symbol

_CLIENT = "leat_async.LeatClient."
_SYNC = "leat_async.sync."
_NAPOLEON: Any = napoleon.Config(napoleon_use_param=True, napoleon_use_rtype=False, napoleon_use_ivar=True)
# The pages beside those of the resources: which names stand on each, and what it is called.
_PAGES = {
    "errors": ("leat_async.errors", "Errors"),
    "bulk": ("leat_async.bulk", "Bulk imports"),
    "export": ("leat_async.export", "Exports"),
    "sandbox": ("leat_async.sandbox", "The sandbox"),
    "webhooks": ("leat_async.webhooks", "Webhooks"),
    "loyalty_tokens": ("leat_async.loyalty_tokens", "Loyalty tokens"),
    "telemetry": ("leat_async.telemetry", "Telemetry"),
    "fleet": ("leat_async.fleet", "Fleet"),
    "reports": ("leat_async.reports", "Reports"),
    "client": ("leat_async", "The client"),
}
_DIRECTIVES = {
    "module": "module",
    "class": "class",
    "function": "function",
    "constant": "data",
    "attribute": "attribute",
    "property": "property",
    "method": "method",
}


class LinkedInterface(Interface):
    """Writes types such that each links to its entry."""

    def __init__(self, paths: Mapping[Any, str]) -> None:
        super().__init__()
        self._paths = paths

    def ordered(self, parameters: Iterable[inspect.Parameter]) -> list[inspect.Parameter]:
        """Parameters as they were written."""
        return list(parameters)

    def type(self, hint: Any) -> str:
        """A type; a class of ours by its public path, and without the mark for what is left out."""
        path = self._paths.get(hint) if inspect.isclass(hint) else None
        if path is not None:
            return path
        return re.sub(r"\bUnset \| | \| Unset\b", "", super().type(hint))


@attrs.define
class _Entry:
    """A name with the parameters that it is made with, and its synchronous twin."""

    symbol: Symbol
    made: Symbol | None = None
    twin: Symbol | None = None


def pages() -> dict[str, str]:
    """The text of every page of the reference, by its name in the site."""
    plain = list(Interface().symbols())
    paths = {
        symbol.value: symbol.path
        for symbol in reversed(plain)
        if symbol.kind == "class" and symbol.value.__module__.startswith("leat_async") and symbol.value is not Unset
    }
    symbols = list(LinkedInterface(paths).symbols())
    entries = _entries(symbols)
    keys = [symbol for symbol in symbols if symbol.kind == "key"]
    found = {f"reference/{name}.rst": text for name, text in _grouped(entries)}
    found["reference/mappings.rst"] = _mappings(keys)
    found["reference/command_line.rst"] = "\n".join(_command_line())
    found["reference/index.rst"] = _index(found)
    return found


def _entries(symbols: Iterable[Symbol]) -> dict[str, _Entry]:
    """Every name once; where both kinds of client have it, under the asynchronous one."""
    entries: dict[str, _Entry] = {}
    for symbol in symbols:
        if symbol.kind == "key":
            continue
        if symbol.kind == "made":
            entry = entries[symbol.path] if symbol.path in entries else entries[_twin_of(symbol.path)]
            if entry.symbol.path == symbol.path:
                entry.made = symbol
            continue
        twin = entries.get(_twin_of(symbol.path)) if symbol.path.startswith(_SYNC) else None
        if twin is not None:
            twin.twin = symbol
        else:
            entries[symbol.path] = _Entry(symbol)
    return entries


def _twin_of(path: str) -> str:
    return "leat_async." + path.removeprefix(_SYNC)


def _grouped(entries: Mapping[str, _Entry]) -> Iterator[tuple[str, str]]:
    pages: dict[str, tuple[str, list[_Entry]]] = {}
    for path, entry in entries.items():
        name, title = _page_of(path, entry)
        pages.setdefault(name, (title, []))[1].append(entry)
    for name, (title, there) in pages.items():
        lines = [title, "=" * len(title), ""]
        for entry in there:
            lines += _written(entry)
        yield name, "\n".join(lines)


def _page_of(path: str, entry: _Entry) -> tuple[str, str]:
    parts = path.removeprefix(_CLIENT).split(".")
    if path.startswith(_CLIENT) and len(parts) == 2:
        return f"operations/{parts[0]}", f"leat.{parts[0]}"
    if path.startswith(_SYNC) and ".LeatClient." not in path:
        return "sync", "Without await"
    if path.startswith("leat_async.models"):
        owner = path.split(".")[2] if path.count(".") > 1 else ""
        module = inspect.getmodule(getattr(importlib.import_module("leat_async.models"), owner)) if owner else None
        family = module.__name__.rpartition(".")[2] if module is not None else "index"
        return f"models/{family}", "Models" if family == "index" else f"Models: {family.replace('_', ' ')}"
    name, (_, title) = next((name, page) for name, page in _PAGES.items() if f"{path}.".startswith(f"{page[0]}."))
    return name, title


def _written(entry: _Entry) -> Iterator[str]:
    symbol = entry.symbol
    if symbol.kind == "module":
        return
    yield from _directive(symbol, entry.made)
    doc = _doc(symbol)
    yield from (f"   {line}".rstrip() for line in doc)
    yield ""
    if entry.twin is not None and entry.twin.kind != "module":
        yield from _directive(entry.twin, None)
        yield "   The same without ``await``."
        yield ""


def _directive(symbol: Symbol, made: Symbol | None) -> Iterator[str]:
    said = symbol.text
    options: list[str] = []
    if symbol.kind in ("function", "method"):
        if said.endswith(" async"):
            said, options = said.removesuffix(" async"), ["   :async:"]
        kind = re.search(r" \((classmethod|staticmethod)\)$", said)
        if kind:
            said, options = said[: kind.start()].removesuffix(" async"), [f"   :{kind[1]}:"]
        yield f".. py:{_DIRECTIVES[symbol.kind]}:: {symbol.path}{said}"
    elif symbol.kind == "class":
        yield f".. py:class:: {symbol.path}{made.text.removesuffix(' -> None') if made is not None else ''}"
    else:
        yield f".. py:{_DIRECTIVES[symbol.kind]}:: {symbol.path}"
        kind_of, _, default = said.removeprefix(": ").partition(" = ")
        kind_of = re.sub(r" \((property|field.*)\)$", "", kind_of)
        if said.startswith(": "):
            yield f"   :type: {kind_of}"
        value = re.sub(r" \((property|field.*)\)$", "", default or said.removeprefix(" = "))
        if symbol.kind != "property" and (default or said.startswith(" = ")):
            yield f"   :value: {value[:200]}"
    yield from options
    yield ""


def _doc(symbol: Symbol) -> list[str]:
    text = inspect.getdoc(symbol.value) if symbol.kind in ("class", "function", "method", "property") else None
    if not text:
        return []
    return str(GoogleDocstring(_code(text), _NAPOLEON)).splitlines()


def _code(text: str) -> str:
    """Docstrings write code as Markdown does."""
    text = re.sub(r"(?<!`)`([^`]+)`(?!`)(?=(\w)?)", lambda found: f"``{found[1]}``" + ("\\ " if found[2] else ""), text)
    # Parameters that are told together may stand on several lines.
    together = re.compile(r"(?m)^( +\w+(?:, \w+)*),\n +(?=\w+(?:, \w+)*(?:: |,$))")
    while (joined := together.sub(r"\1, ", text)) != text:
        text = joined
    return text


def _mappings(keys: Iterable[Symbol]) -> str:
    title = "Mappings that are sent"
    lines = [title, "=" * len(title), "", "Nested bodies are plain mappings of these keys.", ""]
    owner = None
    for symbol in keys:
        found = cast("re.Match[str]", re.fullmatch(r"typed dict (\w+)\['(\w+)'\]", symbol.path))
        if found[1] != owner:
            owner = found[1]
            lines += [
                f".. py:class:: {owner}",
                "",
                *(f"   {line}" for line in _code(inspect.getdoc(symbol.value) or "").splitlines()),
                "",
            ]
        lines += [
            f"   .. py:attribute:: {owner}.{found[2]}",
            f"      :type: {symbol.text.removeprefix(': ').removesuffix(' (optional)')}",
            "",
        ]
    return "\n".join(lines)


def _command_line() -> Iterator[str]:
    """Every command with its arguments and options, as its own help tells them."""
    title = "The command line"
    yield from [title, "=" * len(title), ""]
    root = typer.main.get_command(app)
    yield from _command(root, root.context_class(root, info_name="leat"))
    # The sandbox has a parser of its own, since it works without the extra that the rest needs.
    for part in ((), ("stop",), ("replay",), ("trigger",)):
        name = " ".join(("leat sandbox", *part))
        yield from [name, "~" * len(name), "", "::", "", *(f"   {line}" for line in _sandbox_help(part)), ""]


def _sandbox_help(part: tuple[str, ...]) -> list[str]:
    written = io.StringIO()
    with redirect_stdout(written), suppress(SystemExit):
        run([*part, "--help"], "leat sandbox")
    return written.getvalue().splitlines()


def _command(command: Any, context: Any) -> Iterator[str]:
    path = context.command_path
    yield from [
        path,
        ("-" if path.count(" ") < 2 else "~") * len(path),
        "",
        _code(inspect.cleandoc(command.help or "")),
        "",
    ]
    for parameter in command.get_params(context):
        name, said = parameter.get_help_record(context) or (parameter.make_metavar(context), parameter.help or "")
        yield from [f".. option:: {name}", "", f"   {_code(said)}", ""]
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden and name != "sandbox":
            yield from _command(child, child.context_class(child, info_name=name, parent=context))


def _index(found: Iterable[str]) -> str:
    names = sorted(name.removeprefix("reference/").removesuffix(".rst") for name in found)
    groups: dict[str, list[str]] = {
        "Client": ["client", "errors", "sync", *(n for n in ("telemetry",) if n in names)],
        "Work": [
            n
            for n in ("bulk", "export", "reports", "fleet", "webhooks", "loyalty_tokens", "sandbox", "command_line")
            if n in names
        ],
        "Operations": [name for name in names if name.startswith("operations/")],
        "Models": [*(name for name in names if name.startswith("models/")), "mappings"],
    }
    lines = ["Reference", "=========", ""]
    for title, there in groups.items():
        lines += [f".. toctree::\n   :caption: {title}\n   :maxdepth: 1\n", *(f"   {name}" for name in there), ""]
    return "\n".join(lines)
