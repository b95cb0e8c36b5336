"""Forms that contacts fill in."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .._core.declare import never, operation
from .._core.unset import UNSET, Unset
from ..models import Form
from ..pagination import Pager
from ._base import Resource

FormStatus: TypeAlias = Literal["PUBLISHED", "DRAFT", "BIN"] | str
FormType: TypeAlias = Literal["PUBLIC", "PRIVATE"] | str


class Forms(Resource):
    """Forms that contacts fill in."""

    @operation("GET", "/forms")
    def list(self, *, status: FormStatus | Unset = UNSET, type: FormType | Unset = UNSET) -> Pager[Form]:
        """List the forms of the account.

        Parameters:
            status: only forms in this state, "PUBLISHED", "DRAFT" or "BIN".
            type: only forms of this kind, "PUBLIC" or "PRIVATE".

        Returns:
            A pager over one page: the API does not page this list.

        Raises:
            InvalidInputError: code 1003.

        Repeating: safe. Facts: documented.
        """
        never()
