"""The pace in Redis or Valkey.

A small script on redis-py. Libraries that limit rates answer yes or no, so that callers poll; they have no classes,
tell nobody of a 429 and count no members, and some of them hold redis-py at old versions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ...server_address import ServerAddress
from ..clock import Clock
from .lease import MEMBER, RESERVED, SETTING, Ask, Lease, PaceStatus, failed
from .patience import CONNECT, PATIENCE, patience_of, within

T = TypeVar("T")
_PREFIX = "leat:pace:"
# Seconds since 1970 that nobody has told as a moment.
_BEYOND = 1e11
# The rules of `lease.grant`. Members are fields "m:…" with "until waiting waited_until". Numbers are written with all
# their digits, and answered as text, since Redis would cut what follows the point. What is there and can't be ours is
# taken for nothing, and goes: every process would be left alone by it until somebody noticed.
_SCRIPT = """
local key, member = KEYS[1], 'm:' .. ARGV[1]
local interval, ahead, ahead_class = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted, waiting, pause = tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local refused, remaining, gone = ARGV[8] == '1', tonumber(ARGV[9]), ARGV[10] == '1'
local reserved, counted_for, later = tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[14] == '1'
local now = tonumber(ARGV[13])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local function text(number) return string.format('%.17g', number) end
local function moment(told)
  local number = tonumber(told)
  return number and math.abs(number) < 1e11 and number or nil
end

local found = redis.pcall('HGETALL', key)
if found.err then
  if not string.find(found.err, 'WRONGTYPE') then return found end
  redis.call('DEL', key)
  found = {}
end
local state, members, set = {tat = 0, last = 0, paused = 0, refused = 0}, {}, {}
for place = 1, #found, 2 do
  local name, value = found[place], found[place + 1]
  if string.sub(name, 1, 2) == 'm:' then
    members[name] = value
  elseif state[name] then
    state[name] = moment(value) or 0
  end
end
local back = state.last - now
if back > 0 then
  state.tat, state.paused = state.tat - back, state.paused - back
  if state.refused ~= 0 then state.refused = state.refused - back end
end
local count, waited_for, waited_until = 0, 0, 0
for name, value in pairs(members) do
  local ends, waits, waited = string.match(value, '^(%S+) (%d+) ?(%S*)$')
  ends, waited = moment(ends), moment(waited ~= '' and waited or 0)
  if not (ends and waited) then ends, waited = 0, 0 end
  if back > 0 and ends > 0 then
    ends, waited = ends - back, waited - back
    redis.call('HSET', key, name, text(ends) .. ' ' .. waits .. ' ' .. text(waited))
  end
  if ends <= now or (gone and name == member) then
    redis.call('HDEL', key, name)
    members[name] = nil
  else
    count = count + 1
    if name == member then
      waited_until = waited
    elseif waited > now then
      waited_for = waited_for + 1
    end
  end
end
local granted, wait, left = 0, 0, 0
if not gone then
  if not members[member] then count = count + 1 end
  if refused then state.refused = now end
  state.paused = math.max(state.paused, now + pause)
  local burst = math.floor(ahead / interval + 0.5) + 1
  if remaining >= 0 and remaining < burst then
    state.tat = math.max(state.tat, now + ahead - (remaining - 1) * interval)
  end
  left = math.max(0, state.paused - now)
  if wanted > 0 and left == 0 then
    local start = math.max(now, state.tat)
    wait = start - ahead_class - now
    local at_once = 0
    if wait <= 0.000001 then at_once = math.floor((0.000001 - wait) / interval + 1) end
    local part = math.floor(math.min(reserved / interval / count, (reserved - math.max(0, wait)) / interval))
    granted = math.min(wanted, math.max(1, at_once, part))
    state.tat = start + granted * interval
  end
  local ends = now + counted_for + math.max(0, wait) + left
  if wanted > 0 and not later then waited_until = ends end
  if waited_until > now then waited_for = waited_for + 1 end
  redis.call('HSET', key, member, text(ends) .. ' ' .. waiting .. ' ' .. text(waited_until))
  redis.call('HSET', key, 'interval', text(interval))
end
redis.call('HSET', key, 'tat', text(state.tat), 'last', text(now), 'paused', text(state.paused),
  'refused', text(state.refused))
redis.call('EXPIRE', key, 3600 + math.ceil(left + math.max(0, state.tat - now)))
return {granted, text(wait), text(left), count, waited_for}
"""


class RedisPaceStore:
    """A Redis or Valkey server. Raises `ConfigError` if its address says what can't be."""

    def __init__(self, address: ServerAddress, clock: Clock) -> None:
        from redis.asyncio import ConnectionPool
        from redis.exceptions import RedisError

        pool: Any = ConnectionPool
        # What follows the question mark is looked at when a connection is made, and by none that fits all versions.
        address.read(SETTING, lambda url: pool.from_url(url).make_connection(), RedisError, TypeError, ValueError)
        self._address = address
        self._clock = clock
        # redis-py's own types leave much unknown.
        self._opened: Any = None
        self._script: Any = None

    async def lease(self, key: str, ask: Ask, now: float | None = None) -> Lease:
        """As any store's; `now` stands for the server's clock."""
        plan = ask.plan
        arguments = [
            *(ask.member, plan.interval, plan.ahead, plan.ahead_of(ask.later), ask.count, ask.waiting, ask.pause),
            *(int(ask.refused), ask.remaining, int(ask.gone), RESERVED, MEMBER, "" if now is None else now),
            int(ask.later),
        ]
        told = await self._do(lambda: self._script(keys=[_PREFIX + key], args=arguments), patience_of(ask))
        count, wait, paused, members, waited_for = told
        return Lease(int(count), float(wait), plan.interval, float(paused), int(members), int(waited_for))

    async def status(self) -> list[PaceStatus]:
        return await self._do(self._status, PATIENCE)

    async def aclose(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    async def _status(self) -> list[PaceStatus]:
        from redis.exceptions import ResponseError

        redis = self._opened
        seconds, micros = await redis.time()
        now = seconds + micros / 1e6
        found: list[PaceStatus] = []
        async for key in redis.scan_iter(f"{_PREFIX}*"):
            try:
                found.append(_status_of(key, await redis.hgetall(key), now))
            except ValueError:
                pass  # none of ours; the next lease puts it right
            except ResponseError as error:
                if not str(error).startswith("WRONGTYPE"):
                    raise
        return sorted(found, key=lambda one: one.token)

    async def _do(self, work: Callable[[], Awaitable[T]], seconds: float) -> T:
        from redis.exceptions import RedisError

        if self._opened is None:
            seconds = CONNECT
            self._open()
        try:
            async with within(self._clock, seconds):
                return await work()
        except (RedisError, OSError, TimeoutError) as error:
            await self.aclose()
            raise failed(self._address, error) from None
        except asyncio.CancelledError:
            # What is on its way would be taken for the answer to the next.
            await self.aclose()
            raise

    def _open(self) -> None:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        client: Any = Redis
        # A store that fails is not asked again: the process goes on alone.
        self._opened = client.from_url(self._address.url.reveal(), retry=Retry(NoBackoff(), 0))
        self._script = self._opened.register_script(_SCRIPT)


def _status_of(key: bytes, fields: dict[bytes, bytes], now: float) -> PaceStatus:
    """What is known of a token. Raises `ValueError` where that is none of ours."""
    told = [value.decode().split() for name, value in fields.items() if name.startswith(b"m:")]
    counted = [int(waiting) for until, waiting, *_ in told if _moment(until) > now]
    refused, interval, paused = (_moment(fields.get(name, b"0")) for name in (b"refused", b"interval", b"paused"))
    return PaceStatus(
        token=key.decode().removeprefix(_PREFIX),
        members=len(counted),
        waiting=sum(counted),
        rate=60.0 / interval if interval else 0.0,
        paused=max(0.0, paused - now),
        refused=now - refused if refused else None,
    )


def _moment(told: str | bytes) -> float:
    number = float(told)
    if not abs(number) < _BEYOND:
        raise ValueError(f"no moment: {number}")
    return number
