"""Laravel's throttle: a fixed window per token that starts with its first request."""

from __future__ import annotations

import math

MAX_WINDOWS = 1000


class Limiter:
    """Counts requests per token."""

    def __init__(self, requests: int, per: float) -> None:
        self.requests = requests
        self.per = per
        self._windows: dict[str, tuple[float, int]] = {}

    def hit(self, key: str, now: float, cost: int = 1) -> tuple[bool, dict[str, str]]:
        """Count a request, or with a cost of 0 only look: is it allowed, and with which headers?"""
        ends, used = self._windows.get(key, (0.0, 0))
        if now >= ends:
            # Windows are as long as each other, so that the first is the one that ends first.
            self._windows.pop(key, None)
            if len(self._windows) >= MAX_WINDOWS:
                del self._windows[next(iter(self._windows))]
            ends, used = now + self.per, 0
        if cost:
            if used >= self.requests:
                return False, {
                    "X-RateLimit-Limit": str(self.requests),
                    "X-RateLimit-Remaining": "0",
                    "Retry-After": str(max(1, math.ceil(ends - now))),
                    "X-RateLimit-Reset": str(math.ceil(ends)),
                }
            used += cost
            self._windows[key] = ends, used
        remaining = str(self.requests - used)
        return True, {"X-RateLimit-Limit": str(self.requests), "X-RateLimit-Remaining": remaining}

    def reset(self) -> None:
        """Forget every window."""
        self._windows.clear()
