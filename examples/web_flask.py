"""A till's service on Flask, without await: one synchronous client for all threads.

LEAT_ACCESS_TOKEN=… flask --app web_flask run
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask, request

from leat_async.sync import LeatClient, errors

app = Flask(__name__)
# Made here, opened by the first call: so it works in threads, and in each process of a server that forks.
leat = LeatClient.from_env(timeout=10.0)


@app.get("/contacts/<uuid:contact_uuid>")
def show_contact(contact_uuid: UUID) -> dict[str, Any]:
    """Answer with a contact as Leat has it."""
    return leat.contacts.get(contact_uuid).to_dict()


@app.get("/shops")
def list_shops() -> list[dict[str, Any]]:
    """Answer with every shop."""
    return [shop.to_dict() for shop in leat.shops.list()]


@app.post("/visits")
def record_visit() -> tuple[dict[str, Any], int]:
    """Record a visit once, whatever happens to the answer."""
    sent: dict[str, str] = request.get_json()
    try:
        visit = leat.visits.create(
            contact_uuid=sent["contact_uuid"], shop_uuid=sent["shop_uuid"], external_id=sent["receipt"]
        )
    except errors.OutcomeUnknownError as error:
        visit = error.reconcile()
        if visit is None:
            return {"detail": "not known whether the visit was recorded; send it again later"}, 503
    return visit.to_dict(), 201


@app.errorhandler(errors.NotFoundError)
def not_found(error: errors.NotFoundError) -> tuple[dict[str, Any], int]:
    """What Leat does not know is not here either."""
    return {"detail": error.message}, 404
