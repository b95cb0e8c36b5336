"""How long a server asks to wait, whatever it says, and that it is not overrun when it says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leat_async import LeatClient, RetryPolicy, errors
from leat_async._core.clock import Clock
from leat_async._core.operation import Effect
from leat_async._core.retry import End, asked_wait, may_repeat

from ..conftest import Recorder, raw

NOW = "Sun, 06 Nov 1994 08:49:37 GMT"


class WrongClock(Clock):
    """A year ahead of the server."""

    wall = staticmethod(lambda: 784_111_777.0 + 31_536_000)


def asked(**headers: str) -> float | None:
    return asked_wait({name.replace("_", "-"): text for name, text in headers.items()}, WrongClock())


@pytest.mark.parametrize(
    "text",
    [
        "-1", "nan", "inf", "1e3", "0x10", "1_0", "9" * 400, "86401", "soon", "", "٣", "1 2", "--", "\x00", "1,5",
        "Sun, 06 Nov 99999 08:49:37 GMT", "Sun, 06 Nov 1994", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ],
)  # fmt: skip
def test_what_makes_no_sense_asks_for_nothing(text: str) -> None:
    assert asked(Retry_After=text) is None
    assert not asked(Retry_After=text, X_RateLimit_Reset=text, Date=text)
    assert asked(Retry_After=text, X_RateLimit_Reset="784111787", Date=NOW) == 10


@given(st.text(), st.text(), st.text())
def test_any_text_is_at_worst_ignored(after: str, reset: str, date: str) -> None:
    wait = asked(Retry_After=after, X_RateLimit_Reset=reset, Date=date)
    assert wait is None or 0 <= wait <= 86_400


def test_seconds_and_moments_by_the_servers_clock() -> None:
    assert asked(Retry_After=" 30 ") == 30
    assert asked(Retry_After="0.25") == 0.25
    assert asked(Retry_After="Sun, 06 Nov 1994 08:49:47 GMT", Date=NOW) == 10
    assert asked(Retry_After="Sun, 06 Nov 1994 08:49:27 GMT", Date=NOW) == 0
    assert asked(X_RateLimit_Reset="784111837", Date=NOW) == 60
    # Without the server's time there is only ours.
    assert asked(X_RateLimit_Reset="784111837") == 0


@pytest.mark.parametrize(
    "asks", [{}, {"Retry-After": "0"}, {"Retry-After": "-5"}, {"Retry-After": NOW}, {"Retry-After": "0.001"}]
)
async def test_429s_are_not_repeated_at_full_pace(recorder: Recorder, asks: dict[str, str]) -> None:
    recorder.default = raw(b"Too Many Attempts.", 429, "text/plain", asks)
    async with LeatClient("t", base_url=recorder.url, timeout=1.5, rate_limit=None) as leat:
        with pytest.raises(errors.RateLimitError) as caught:
            await leat.visits.create(contact_uuid="c", shop_uuid="s")
    assert 1 <= len(recorder.requests) <= 2
    assert caught.value.retry_after
    assert [attempt.end for attempt in caught.value.attempts] == ["rejected"] * len(recorder.requests)


def test_what_may_be_sent_again() -> None:
    repeatable = {(end, effect) for end in End for effect in Effect if may_repeat(end, effect)}
    assert repeatable == {
        *((end, effect) for end in (End.NOT_SENT, End.REJECTED) for effect in Effect),
        (End.MAYBE_APPLIED, Effect.SAFE),
        (End.MAYBE_APPLIED, Effect.REPEATABLE),
    }


async def test_the_clock_on_the_wall_does_not_matter(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set back and forward between calls: neither pace nor pauses nor backoff go by it."""
    recorder.default = raw(b"", 500)
    moments = iter([0.0, 4e9] * 1000)
    monkeypatch.setattr(Clock, "wall", staticmethod(lambda: next(moments)))
    monkeypatch.setattr("time.time", lambda: next(moments))
    async with LeatClient("t", base_url=recorder.url, retry=RetryPolicy(attempts=3, backoff=0.001)) as leat:
        for _ in range(3):
            with pytest.raises(errors.ServerError, match="HTTP 500"):
                await leat.visits.get("v-1")
    assert len(recorder.requests) == 9
