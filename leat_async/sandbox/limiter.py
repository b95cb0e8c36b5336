"""Laravel's throttle: a fixed window per token that starts with its first request."""

from __future__ import annotations

import math

import attrs


@attrs.define
class Allowance:
    """What is left of a window after a request."""

    limit: int
    remaining: int
    resets_at: float
    exceeded: bool

    def headers(self, now: float) -> dict[str, str]:
        """The rate headers of an answer; a refused one also says when to come back."""
        headers = {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.remaining)}
        if self.exceeded:
            headers["Retry-After"] = str(max(1, math.ceil(self.resets_at - now)))
            headers["X-RateLimit-Reset"] = str(math.ceil(self.resets_at))
        return headers


class Limiter:
    """Counts requests per token."""

    def __init__(self, requests: int, per: float) -> None:
        if requests < 1 or not per > 0:
            raise ValueError("rate_limit is (requests, seconds), both above zero")
        self.requests = requests
        self.per = per
        self._windows: dict[str, tuple[float, int]] = {}

    def hit(self, key: str, now: float, cost: int = 1) -> Allowance:
        """Count a request; a cost of 0 only looks."""
        ends, used = self._windows.get(key, (0.0, 0))
        if now >= ends:
            if len(self._windows) > 1000:
                self._windows = {name: window for name, window in self._windows.items() if window[0] > now}
            ends, used = now + self.per, 0
        exceeded = cost > 0 and used >= self.requests
        if not exceeded:
            used += cost
        if cost:
            self._windows[key] = ends, used
        return Allowance(self.requests, self.requests - used, ends, exceeded)

    def reset(self) -> None:
        """Forget every window."""
        self._windows.clear()
