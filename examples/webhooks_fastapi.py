"""Redeemed vouchers into a database of your own, each once: webhooks on FastAPI.

    LEAT_ACCESS_TOKEN=… LEAT_WEBHOOK_SECRET=… uvicorn webhooks_fastapi:app

What Leat delivers is stored before it is answered, and worked on afterwards. The row has the event's key, so that an
event whose worker was killed right after writing it is not written twice.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from leat_async import LeatClient, webhooks

DATABASE = os.environ.get("REDEMPTIONS_DATABASE", "redemptions.sqlite")
SCHEMA = """
CREATE TABLE IF NOT EXISTS redemptions (
    event_key TEXT PRIMARY KEY, voucher_uuid TEXT NOT NULL, code TEXT, promotion TEXT, status TEXT
)"""

leat = LeatClient.from_env()


async def redeemed(event: webhooks.Event) -> None:
    """Write down what became of a voucher; other events are taken and left alone."""
    if not isinstance(event, webhooks.VoucherEvent) or event.type != "voucher_redeemed":
        return
    # A delivery may be old, and out of its order: what counts is how the voucher is now.
    voucher = await leat.vouchers.find(code=event.voucher.code or "")
    promotion = voucher.promotion.name if voucher.promotion is not None else None
    with closing(sqlite3.connect(DATABASE)) as database, database:
        database.execute(
            "INSERT INTO redemptions VALUES (?, ?, ?, ?, ?) ON CONFLICT (event_key) DO NOTHING",
            (event.key, voucher.uuid, voucher.code, promotion, voucher.status),
        )


hooks = webhooks.asgi(
    redeemed,
    secret=os.environ["LEAT_WEBHOOK_SECRET"],
    seen=os.environ.get("WEBHOOKS_STORE", "webhooks.sqlite"),
    mode="outbox",
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Work on what the outbox holds, from the start to the end."""
    with closing(sqlite3.connect(DATABASE)) as database, database:
        database.execute(SCHEMA)
    async with leat, hooks:
        yield


app = FastAPI(lifespan=lifespan, routes=[Route("/leat/events", hooks, methods=["POST"])])


@app.get("/redemptions")
def redemptions() -> list[dict[str, Any]]:
    """What was redeemed."""
    with closing(sqlite3.connect(DATABASE)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM redemptions ORDER BY rowid")]
