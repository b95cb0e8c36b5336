"""A till's service on FastAPI: one client for the whole application.

LEAT_ACCESS_TOKEN=… LEAT_WEBHOOK_SECRET=… uvicorn web_fastapi:app
"""

from __future__ import annotations

import math
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from leat_async import LeatClient, errors, models, webhooks


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, LeatClient]]:
    """Open the client with the application, and close it with it: connections and pace are shared by all requests."""
    async with LeatClient.from_env(timeout=10.0) as leat:
        yield {"leat": leat}


app = FastAPI(title="Till", lifespan=lifespan)


def leat_of(request: Request) -> LeatClient:
    """The client that `lifespan` opened."""
    leat: LeatClient = request.state.leat
    return leat


Leat = Annotated[LeatClient, Depends(leat_of)]


class NewVisit(BaseModel):
    """A visit as the till sends it. Its receipt number makes it findable again."""

    contact_uuid: UUID
    shop_uuid: UUID
    receipt: str


@app.get("/contacts/{contact_uuid}")
async def show_contact(contact_uuid: UUID, leat: Leat) -> models.Contact:
    """A model is returned as it is, with the account's own attributes."""
    return await leat.contacts.get(contact_uuid)


@app.post("/visits", status_code=201)
async def record_visit(new: NewVisit, leat: Leat) -> models.Visit:
    """Record a visit once, whatever happens to the answer."""
    try:
        return await leat.visits.create(contact_uuid=new.contact_uuid, shop_uuid=new.shop_uuid, external_id=new.receipt)
    except errors.OutcomeUnknownError as error:
        found: models.Visit | None = await error.reconcile()
        if found is None:
            # It may still land: the till asks again later, with the same receipt number.
            raise HTTPException(503, "not known whether the visit was recorded", {"Retry-After": "30"}) from error
        return found


@app.exception_handler(errors.RateLimitError)
async def too_many(_: Request, error: Exception) -> JSONResponse:
    """Waiting would have taken longer than our own caller waits."""
    assert isinstance(error, errors.RateLimitError)
    seconds = math.ceil(error.retry_after or 1)
    return JSONResponse({"detail": "busy"}, status_code=429, headers={"Retry-After": str(seconds)})


@app.exception_handler(errors.NotFoundError)
async def not_found(_: Request, error: Exception) -> JSONResponse:
    """What Leat does not know is not here either."""
    assert isinstance(error, errors.NotFoundError)
    return JSONResponse({"detail": error.message}, status_code=404)


@app.post("/leat/events", status_code=204)
async def receive(request: Request) -> Response:
    """Take a webhook; the signature is over the bytes, so no model of FastAPI reads the body first."""
    body = await request.body()
    if not webhooks.verify(body, request.headers.get("Signature"), os.environ["LEAT_WEBHOOK_SECRET"]):
        raise HTTPException(401)
    event = webhooks.parse(body)
    print(f"event {event.type}")
    return Response(status_code=204)
