"""The visits that an account got last, out of the list of all, whose order nobody documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._core.kept_text import kept_text
from ...models import Visit
from ...pagination import Page
from ...resources.visits import Visits
from ..health import Health

# Pages in a row that show none of those that are looked for, after which no more are read: what other calls make at the
# same time fills no more than these.
_BLANK = 2


class LatestVisits:
    """Reads the list from its ends, and first from that which showed something before."""

    def __init__(self, visits: Visits, health: Health) -> None:
        self._visits = visits
        self._health = health
        self._last = 1
        self._newest_first = False

    async def among(self, wanted: Mapping[str, str]) -> dict[str, Visit]:
        """Those of the wanted that are listed, by their `external_id`; each is wanted of the contact that it says.

        Raises `Passing` and `ApiError`.
        """
        found: dict[str, Visit] = {}
        pages: dict[int, Page[Visit]] = {}
        for newest_first in (self._newest_first, not self._newest_first):
            before = len(found)
            if not newest_first:
                # The list may have grown since it was read last.
                while (last := (await self._page(self._last, pages)).last_page or 1) > self._last:
                    self._last = last
            numbers = range(1, self._last + 1) if newest_first else range(self._last, 0, -1)
            await self._read(numbers, pages, wanted, found)
            if len(found) > before:
                self._newest_first = newest_first
            if len(found) == len(wanted):
                break
        return found

    async def _read(
        self, numbers: Iterable[int], pages: dict[int, Page[Visit]], wanted: Mapping[str, str], found: dict[str, Visit]
    ) -> None:
        blank = 0
        for number in numbers:
            before = len(found)
            for visit in (await self._page(number, pages)).items:
                own = kept_text(visit.external_id or "") or ""
                whose = visit.contact.uuid if visit.contact is not None else ""
                if own in wanted and whose.casefold() == wanted[own].casefold():
                    found[own] = visit
            blank = 0 if len(found) > before else blank + 1
            if blank >= _BLANK or len(found) == len(wanted):
                break

    async def _page(self, number: int, pages: dict[int, Page[Visit]]) -> Page[Visit]:
        if number not in pages:
            pages[number] = await self._health.read(self._visits.list(page=number).page())
        return pages[number]
