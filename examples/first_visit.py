"""A first visit, made and read back; the README's first program. LEAT_ACCESS_TOKEN says whose account."""

import asyncio
import datetime as dt

from leat_async import LeatClient


async def main() -> None:
    async with LeatClient.from_env() as leat:  # or LeatClient("token")
        [shop] = await leat.shops.list().collect(limit=1)
        contact = await leat.contacts.find_or_create(email="ada@example.com")
        visit = await leat.visits.create(
            contact_uuid=contact.uuid,
            shop_uuid=shop.uuid,
            external_id="till-3-000417",  # yours; it makes the visit findable again
            starts_at=dt.datetime.now(dt.UTC),
        )
        await leat.visits.update(visit.uuid, source="Kiosk", ends_at=None)  # None sends null; left out sends nothing

        async for visit in leat.visits.list(contact_uuid=contact.uuid):  # every row of every page
            print(visit.starts_at, visit.source, visit.extra)  # what we don't know is in .extra


asyncio.run(main())
