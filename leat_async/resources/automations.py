"""Automations: what happens by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..models import Automation
from ..pagination import Pager
from ._base import Resource
from ._types import Id


class Automations(Resource):
    """What happens by itself, such as a mail after the first visit."""

    @operation("GET", "/automations")
    def list(self) -> Pager[Automation]:
        """List all automations of the account.

        Returns:
            A pager over one page: the API does not page this list. The documented rows have no uuid, the observed
            ones do.

        Raises:
            ApiError: the API refuses.

        Repeating: safe. Facts: documented.
        """
        never()

    @operation("POST", "/automations/runs")
    async def create_run(
        self, *, contact_uuid: Id, automation_uuid: Id, data: Mapping[str, Any] | Unset | None = UNSET
    ) -> None:
        """Start an automation for a contact; only those with the event "contact_updated" can be started.

        Parameters:
            contact_uuid: the contact.
            automation_uuid: the automation.
            data: further data for the run, by name.

        Returns:
            None.

        Raises:
            InvalidInputError: code 1003.
            NotFoundError: no such contact (55031) or automation (60013).
            OutcomeUnknownError: sent, and not known to be applied; `reconcile()` has no answer.

        Repeating: not safe, it runs again, which may mail the contact again. Facts: documented.
        """
        never()
