"""Failures on demand: what goes wrong, for which requests, and when."""

from __future__ import annotations

import math
import random
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

import attrs

from .names import check_name
from .routing import METHODS

MAX_RULES = 1000
Applied = Literal["no", "now", "late"]

# Per kind: is the request applied, and which options does it take, with their defaults?
_KINDS: Mapping[str, tuple[Applied, Mapping[str, Any]]] = {
    "delay": ("now", {"seconds": 1.0}),
    "hang": ("no", {"applied": False}),
    "drop_before": ("no", {}),
    "apply_then_drop": ("now", {}),
    "apply_late": ("late", {"seconds": 5.0}),
    "reject": ("no", {"status": 400, "code": None, "message": "", "headers": None, "body": None}),
    "server_error": ("no", {"status": 500, "applied": False}),
    "html": ("no", {"status": 502, "applied": False}),
    "empty": ("now", {"status": 200, "applied": True}),
    "truncated": ("now", {"applied": True}),
    "malformed": ("now", {"applied": True}),
    "wrong_content_type": ("now", {"applied": True}),
    "slow_drip": ("now", {"seconds": 1.0, "applied": True}),
    "rate_limit": ("no", {"retry_after": 1}),
    "maintenance": ("no", {}),
    "expired_token": ("no", {}),
    # Of webhook deliveries; their operation is an event.
    "webhook_double": ("no", {}),
    "webhook_shuffle": ("no", {"seconds": 2.0}),
    "webhook_delay": ("no", {"seconds": 60.0}),
    "webhook_drop": ("no", {}),
    "webhook_bad_signature": ("no", {}),
}
KINDS = tuple(_KINDS)
_WEBHOOK = "webhook_"
_CONDITIONS = (
    "operation", "method", "path", "probability", "first", "nth", "every", "times", "lasts", "delay",
)  # fmt: skip


@attrs.frozen
class Fault:
    """What happens to one request."""

    kind: str
    applied: Applied
    delay: float
    options: Mapping[str, Any]


@attrs.define
class Rule:
    """A fault, the requests it is for, and the calls of them that it hits."""

    id: int
    fault: Fault
    operation: str
    method: str | None
    path: str | None
    probability: float | None
    first: int | None
    nth: tuple[int, ...]
    every: int | None
    times: int | None
    ends_at: float
    random: random.Random
    calls: int = 0
    fired: int = 0

    def matches(self, operation: str | None, method: str, path: str) -> bool:
        """Is this rule for such requests at all?"""
        return (
            (self.operation == "*" or fnmatchcase(operation or "", self.operation))
            and (self.method is None or method == self.method)
            and (self.path is None or fnmatchcase(path, self.path))
        )

    def hits(self) -> bool:
        """Count a matching call; is it one that goes wrong?"""
        self.calls += 1
        # Drawn for every call, so that other conditions do not shift the sequence.
        drawn = self.random.random() if self.probability is not None else 0.0
        return (
            (self.times is None or self.fired < self.times)
            and (self.first is None or self.calls <= self.first)
            and (not self.nth or self.calls in self.nth)
            and (self.every is None or self.calls % self.every == 0)
            and (self.probability is None or drawn < self.probability)
        )

    def describe(self) -> dict[str, Any]:
        """The rule as JSON."""
        return {
            "id": self.id, "kind": self.fault.kind, "operation": self.operation, "method": self.method,
            "path": self.path, "probability": self.probability, "first": self.first, "nth": list(self.nth),
            "every": self.every, "times": self.times, "calls": self.calls, "fired": self.fired,
            **self.fault.options,
        }  # fmt: skip


class Faults:
    """The rules in force; of several that hit a request, the oldest wins."""

    def __init__(
        self, seed: int, now: Callable[[], float], operations: Collection[str], events: Collection[str]
    ) -> None:
        self._operations = operations
        self._events = events
        self._seed = seed
        self._now = now
        self._made = 0
        self.rules: list[Rule] = []

    def add(
        self,
        kind: str,
        operation: str = "*",
        *,
        method: str | None = None,
        path: str | None = None,
        probability: float | None = None,
        first: int | None = None,
        nth: int | Iterable[int] = (),
        every: int | None = None,
        times: int | None = None,
        lasts: float | None = None,
        delay: float = 0.0,
        **options: Any,
    ) -> int:
        """Add a rule and return its id; all conditions given must hold, without any every call is hit.

        `operation` is an operation id or a pattern such as `visits.*`; `path` a pattern of the path.
        `first`, `nth` and `every` count the matching calls from now on, `times` bounds the hits,
        `lasts` ends the rule after so many seconds of virtual time, `delay` waits before anything else.
        """
        check_name("fault", str(kind), KINDS)
        self._check_operation(operation, self._events if kind.startswith(_WEBHOOK) else self._operations)
        if method is not None:
            method = check_name("method", str(method).upper(), METHODS)
        if len(self.rules) >= MAX_RULES:
            raise ValueError(f"there are {MAX_RULES} faults already; remove some first")
        applied, known = _KINDS[kind]
        for name in options:
            check_name(f"option of {kind}", name, (*known, *_CONDITIONS))
        if "applied" in options:
            applied = "now" if options["applied"] else "no"
        settings = {**known, **options}
        for name in ("seconds", "retry_after"):
            if name in settings:
                settings[name] = _number(name, settings[name], 0, 1e9)
        if "status" in settings:
            settings["status"] = int(_number("status", settings["status"], 200, 599))
        calls = (nth,) if isinstance(nth, (int, float)) else tuple(nth)
        self._made += 1
        rule = Rule(
            id=self._made,
            fault=Fault(kind, applied, _number("delay", delay, 0, 1e9), settings),
            operation=str(operation),
            method=method,
            path=str(path) if path is not None else None,
            probability=_number("probability", probability, 0, 1) if probability is not None else None,
            first=_count("first", first),
            nth=tuple(int(_number("nth", call, 1, 1e9)) for call in calls),
            every=_count("every", every),
            times=_count("times", times),
            ends_at=self._now() + (_number("lasts", lasts, 0, 1e9) if lasts is not None else math.inf),
            random=random.Random(f"{self._seed}:{self._made}"),
        )
        self.rules = [*self.rules, rule]
        return rule.id

    def script(self, operation: str, steps: Iterable[str | Mapping[str, Any] | None]) -> list[int]:
        """One step per coming call: None answers normally, a kind or a mapping of `add` goes wrong."""
        self._check_operation(operation, self._operations)
        ids: list[int] = []
        for call, step in enumerate(steps, 1):
            if step is not None:
                rule: dict[str, Any] = dict(step) if isinstance(step, Mapping) else {"kind": step}
                ids.append(self.add(**rule, operation=operation, nth=call))
        return ids

    def add_text(self, text: str) -> int:
        """Add a rule written as on the command line: `apply_then_drop visits.create nth=3`."""
        words = shlex.split(text)
        named = dict(word.split("=", 1) for word in words if "=" in word)
        plain = [word for word in words if "=" not in word]
        if not 1 <= len(plain) <= 2:
            raise ValueError(f"a fault is written KIND [OPERATION] [name=value ...], not {text!r}")
        options: dict[str, Any] = {name: _value(value) for name, value in named.items()}
        return self.add(plain[0], plain[1] if len(plain) > 1 else "*", **options)

    def _check_operation(self, operation: str, known: Collection[str]) -> None:
        if not any(fnmatchcase(name, str(operation)) for name in known):
            check_name("event" if known is self._events else "operation", str(operation), known)

    def remove(self, id: int) -> None:
        """Take one rule away."""
        self.rules = [rule for rule in self.rules if rule.id != id]

    def clear(self) -> None:
        """Take all rules away; the next ones draw the same chances again."""
        self.rules = []
        self._made = 0

    def pick(self, operation: str | None, method: str, path: str) -> Fault | None:
        """Count this request with every rule it matches, and say what goes wrong with it."""
        rules = [rule for rule in self.rules if not rule.fault.kind.startswith(_WEBHOOK)]
        return self._pick(rules, operation, method, path)

    def pick_delivery(self, event: str) -> Fault | None:
        """The same of a webhook delivery."""
        rules = [rule for rule in self.rules if rule.fault.kind.startswith(_WEBHOOK)]
        return self._pick(rules, event, "POST", "")

    def _pick(self, rules: Iterable[Rule], operation: str | None, method: str, path: str) -> Fault | None:
        chosen: Rule | None = None
        now = self._now()
        for rule in rules:
            if now < rule.ends_at and rule.matches(operation, method, path) and rule.hits():
                chosen = chosen or rule
        if chosen is None:
            return None
        chosen.fired += 1
        return chosen.fault


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")
    return value


def _count(name: str, value: Any) -> int | None:
    return None if value is None else int(_number(name, value, 1, 1e9))


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return [_value(part) for part in text.split(",")] if "," in text else text
