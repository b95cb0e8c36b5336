"""A till's service on Django, in one file; under gunicorn, also where it loads the application before it forks.

LEAT_ACCESS_TOKEN=… gunicorn --preload --workers 4 web_django:application
"""

from __future__ import annotations

import json
import os
from uuid import UUID

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from leat_async.sync import LeatClient, errors

# Not used before the fork, so that each process opens it for itself.
leat = LeatClient.from_env(timeout=10.0)


@require_GET
def show_contact(_: HttpRequest, contact_uuid: UUID) -> JsonResponse:
    """Answer with a contact as Leat has it, and with the process that asked."""
    try:
        contact = leat.contacts.get(contact_uuid)
    except errors.NotFoundError as error:
        return JsonResponse({"detail": error.message}, status=404)
    return JsonResponse({**contact.to_dict(), "process": os.getpid()})


@csrf_exempt
@require_POST
def record_visit(request: HttpRequest) -> JsonResponse:
    """Record a visit once, whatever happens to the answer."""
    sent = json.loads(request.body)
    try:
        visit = leat.visits.create(
            contact_uuid=sent["contact_uuid"], shop_uuid=sent["shop_uuid"], external_id=sent["receipt"]
        )
    except errors.OutcomeUnknownError as error:
        visit = error.reconcile()
        if visit is None:
            return JsonResponse({"detail": "not known whether the visit was recorded"}, status=503)
    return JsonResponse(visit.to_dict(), status=201)


urlpatterns = [path("contacts/<uuid:contact_uuid>", show_contact), path("visits", record_visit)]
if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["localhost", "127.0.0.1"], SECRET_KEY="of-the-example")
application = get_wsgi_application()
