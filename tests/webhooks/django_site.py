"""A site of Django's with a view for each of its sides."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

# The test's; each of them serves one at a time.
receivers: dict[str, Any] = {}


@csrf_exempt
def leat(request: HttpRequest) -> HttpResponse:
    answer = receivers["wsgi"].receive(request.body, request.headers)
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


@csrf_exempt
async def leat_async_(request: HttpRequest) -> HttpResponse:
    answer = await receivers["asgi"].receive(request.body, request.headers)
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


urlpatterns = [path("leat", leat), path("leat-async", leat_async_)]
if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="of-the-tests", LOGGING_CONFIG=None
    )
