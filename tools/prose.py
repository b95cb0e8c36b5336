"""The wording of the generated docstrings."""

from __future__ import annotations

import re
from collections.abc import Sequence

WIDTH = 120

# What changes in the text of docstrings; a blank stands for any white space.
RULES: Sequence[tuple[str, str]] = (
    (r"An asynchronous client", "A synchronous client"),
    (
        (
            r"Use it with `async with`, or let the first call open it and close it with `await leat\.aclose\(\)`\. It "
            r"belongs to the event loop that opened it\."
        ),
        (
            "Use it with `with`, or let the first call open it and close it with `leat.close()`. Any number of threads "
            "may share it; it lives in the process that opened it, and its hooks are called in a thread of its own."
        ),
    ),
    (r"\bawait it for the first page, iterate it", "`.page()` gives the first page; iterate it"),
)
_LEFT_OVER = re.compile(r"\b(await\w*|async|asynchronous\w*|asyncio|aclose|coroutines?|event\s+loop)\b", re.IGNORECASE)


class GenerateError(Exception):
    """Something in the asynchronous classes that has no synchronous form yet."""


class Prose:
    """Docstrings in their synchronous wording; knows which rules were of use."""

    def __init__(self, rules: Sequence[tuple[str, str]]) -> None:
        self._rules = [(pattern, re.compile(pattern.replace(" ", r"\s+")), text) for pattern, text in rules]
        self._unused = {pattern for pattern, _ in rules}

    def translate(self, owner: str, text: str, indent: int) -> str:
        """Apply the rules and wrap again what became too long."""
        for pattern, compiled, instead in self._rules:
            text, count = compiled.subn(instead, text)
            if count:
                self._unused.discard(pattern)
        left = _LEFT_OVER.search(text)
        if left is not None:
            raise GenerateError(
                f"{owner}: the docstring says {left.group()!r}, which is wrong without an event loop; "
                "add a rule to RULES or say it otherwise"
            )
        return _wrap(text, WIDTH - indent)

    def check(self) -> None:
        """Fail for rules that never applied: their text has changed under them."""
        if self._unused:
            raise GenerateError(f"rules that never applied: {sorted(self._unused)}; mend or remove them")


_ITEM = re.compile(r"\s+[\w*, ]+: ")


def _wrap(text: str, width: int) -> str:
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if len(line) > width and " " in line.strip():
            cut = line.rfind(" ", len(line) - len(line.lstrip()) + 1, width + 1)
            lines[at], rest = line[:cut], line[cut + 1 :]
            indent = len(line) - len(line.lstrip())
            deeper = indent + 4 if _ITEM.match(line) else indent
            following = lines[at + 1] if at + 1 < len(lines) else ""
            if following.strip() and len(following) - len(following.lstrip()) == deeper and not _ITEM.match(following):
                lines[at + 1] = f"{' ' * deeper}{rest} {following.strip()}"
            else:
                lines.insert(at + 1, " " * deeper + rest)
        at += 1
    return "\n".join(lines)


def drop_item(doc: str, name: str) -> str:
    """A docstring without one parameter's entry."""
    return re.sub(rf"^( +){name}: .*\n(?:\1 +.*\n)*", "", doc, count=1, flags=re.MULTILINE)


def quote(doc: str, indent: int) -> str:
    """A docstring as source text."""
    pad = " " * indent
    body = doc.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    lines = [line if not line or not at else pad + line for at, line in enumerate(body.split("\n"))]
    end = f"\n{pad}" if len(lines) > 1 else ""
    return f'{pad}"""' + "\n".join(lines) + f'{end}"""\n'
