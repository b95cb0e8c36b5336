"""A till's service on aiohttp.web: the client lives as long as the application.

LEAT_ACCESS_TOKEN=… python web_aiohttp.py
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from aiohttp import web

from leat_async import LeatClient, errors

LEAT = web.AppKey("leat", LeatClient)
routes = web.RouteTableDef()


async def one_client(app: web.Application) -> AsyncIterator[None]:
    """Open the client before the first request, and close it after the last."""
    async with LeatClient.from_env(timeout=10.0) as leat:
        app[LEAT] = leat
        yield


@routes.get("/contacts/{uuid}")
async def show_contact(request: web.Request) -> web.Response:
    """Answer with a contact as Leat has it."""
    try:
        contact = await request.app[LEAT].contacts.get(UUID(request.match_info["uuid"]))
    except errors.NotFoundError as error:
        raise web.HTTPNotFound(text=error.message) from error
    return web.Response(text=contact.to_json(), content_type="application/json")


@routes.get("/shops")
async def list_shops(request: web.Request) -> web.Response:
    """Answer with every shop."""
    return web.json_response([shop.to_dict() async for shop in request.app[LEAT].shops.list()])


def make_app() -> web.Application:
    """The application; tests make one of their own."""
    app = web.Application()
    app.cleanup_ctx.append(one_client)
    app.add_routes(routes)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
