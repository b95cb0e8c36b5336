# /// script
# requires-python = ">=3.11"
# dependencies = ["leat-async"]
# ///
"""Print the newest loyalty transactions, one line each: `uv run script.py 10` fetches what it needs by itself.

The token comes from LEAT_ACCESS_TOKEN.
"""

from __future__ import annotations

import sys

from leat_async.sync import LeatClient


def main(count: int = 20) -> None:
    """Print so many transactions."""
    with LeatClient.from_env() as leat:
        for row in leat.loyalty_transactions.list(sort="-created_at").collect(limit=count):
            shop = row.shop.name if row.shop is not None else ""
            print(f"{row.created_at:%Y-%m-%d %H:%M}  {row.type or '':24} {row.credits or 0:6}  {shop}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
