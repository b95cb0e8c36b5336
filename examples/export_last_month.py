"""Last month's credits as a chart, from the demo account of a sandbox: `python examples/export_last_month.py`.

For your own account take `LeatClient.from_env()` instead of the sandbox.
"""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient, export

here = ZoneInfo("Europe/Amsterdam")
first = dt.datetime.now(here).date().replace(day=1)
before = (first - dt.timedelta(days=1)).replace(day=1)
with Sandbox(seed="demo") as sandbox, LeatClient(sandbox.token, base_url=sandbox.url) as leat:
    earned: Counter[dt.date] = Counter()
    given = export.rows(
        leat.loyalty_transactions, type="credit_receptions", since=before, until=first, timezone=here.key
    )
    for row in given:
        if row.created_at is not None and row.credits is not None:
            earned[row.created_at.astimezone(here).date()] += row.credits
for day, points in sorted(earned.items()):
    print(f"{day:%a %d %b} {points:5} {'█' * (points // 20)}")
