"""Signatures of deliveries: whether one is genuine.

They are over the bytes of the body, so those are checked before anything decodes or re-encodes them.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, cast

from ..errors import LeatError
from .events import Event, parse

HEADER = "Signature"
Secret: TypeAlias = str | Sequence[str]


class HasItems(Protocol):
    """What keeps headers without being a mapping, such as `email.message.Message`."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Names with values."""
        ...


Headers: TypeAlias = Mapping[str, str] | Mapping[bytes, bytes] | HasItems | Iterable[tuple[str | bytes, str | bytes]]


class SignatureError(LeatError):
    """A delivery is not signed, or not with one of the secrets; which of these it is is not told."""

    def __init__(self, message: str = "the delivery is not genuine: its signature is missing or does not fit") -> None:
        super().__init__(message)


def keys_of(secret: Secret | None) -> tuple[bytes, ...]:
    """The secrets as keys; raises as `verify` does."""
    given: Sequence[Any] = (secret,) if secret is None or isinstance(secret, str) else secret
    if isinstance(given, (bytes, bytearray)) or not isinstance(cast(object, given), Iterable):
        raise TypeError(f"secret must be text or a list of texts, got {type(secret).__name__}")
    keys: list[bytes] = []
    for one in given:
        if one is None:
            raise ValueError("secret is missing (None): if it comes from the environment, set that variable")
        if not isinstance(one, str):
            raise TypeError(f"secret must be text or a list of texts, got {type(one).__name__}")
        if not one.strip():
            raise ValueError("secret must not be empty: anybody could sign with an empty secret")
        try:
            keys.append(one.encode())
        except UnicodeEncodeError:
            # Its own error would show the secret.
            raise ValueError(
                "secret must be text that UTF-8 can write; its variable or file holds other bytes"
            ) from None
    if not keys:
        raise ValueError("secret must name at least one secret; an empty list would refuse every delivery")
    return tuple(keys)


def fits(body: bytes, signature: str | bytes | None, keys: Sequence[bytes]) -> bool:
    """Whether the signature is of one of the keys; all are tried, so that the time tells nothing."""
    if signature is None:
        return False
    given = signature.encode("utf-8", "surrogatepass") if isinstance(signature, str) else bytes(signature)
    given = given.strip(b" \t").lower()
    found = False
    for key in keys:
        found |= hmac.compare_digest(hmac.digest(key, body, "sha256").hex().encode(), given)
    return found


def verify(body: bytes, signature: str | bytes | None, secret: Secret) -> bool:
    """Check the signature of a delivery.

    Parameters:
        body: the request's body, as its bytes came.
        signature: the header `Signature`, as text or bytes: hexadecimal digits of either case, with nothing but blanks
            around them. None, for a request without it, is never genuine.
        secret: the subscription's secret, or the account's where the subscription has none. Several may be given, such
            as the old and the new one while a secret is being replaced; one that fits is enough.

    Returns:
        Whether the body was signed with one of the secrets; the time that takes does not tell how far it fits.

    Raises:
        TypeError: the body is no bytes, or the signature or a secret no text.
        ValueError: there is no secret (None, as a variable of the environment that is not set), or an empty one, with
            which anybody could sign.

    Repeating: safe. Facts: documented; that the signature is over the bytes of the body is observed in a client.
    """
    _check_body(body)
    if not isinstance(cast(object, signature), (str, bytes, type(None))):
        raise TypeError(f"signature must be the text or bytes of a header, got {type(signature).__name__}")
    return fits(body, signature, keys_of(secret))


def sign(body: bytes, secret: str) -> str:
    """Sign a body as Leat does, to try a receiver.

    Parameters:
        body: the bytes that will be sent.
        secret: the secret to sign with.

    Returns:
        What the header `Signature` holds: 64 hexadecimal digits in lower case.

    Raises:
        TypeError: the body is no bytes, or the secret no text.
        ValueError: the secret is missing or empty.

    Repeating: safe. Facts: documented.
    """
    _check_body(body)
    if not isinstance(cast(object, secret), (str, type(None))):
        raise TypeError(f"secret must be text, got {type(secret).__name__}")
    (key,) = keys_of(secret)
    return hmac.digest(key, body, "sha256").hex()


def unwrap(body: bytes, headers: Headers, secret: Secret) -> Event:
    """Verify a delivery and read it.

    Parameters:
        body: the request's body, as its bytes came.
        headers: the request's headers, as any framework has them: a mapping or pairs, of text or bytes, in any case,
            or of lists of those; also the `environ` of WSGI. A header that is None is missing.
        secret: as for `verify`.

    Returns:
        The event.

    Raises:
        SignatureError: the header `Signature` is missing, there twice, or of none of the secrets.
        TypeError: the body is no bytes, the headers are none, or a secret is no text.
        ValueError: the secret is missing or empty; or the delivery is genuine and can't be read, as for `parse`.

    Repeating: safe. Facts: as for `verify` and `parse`.
    """
    _check_body(body)
    keys = keys_of(secret)
    genuine = fits(body, signature_in(headers), keys)
    # Debuggers and error trackers show the variables of whoever raises.
    del keys, secret
    if not genuine:
        raise SignatureError
    return parse(body)


def signature_in(headers: Headers) -> str | bytes | None:
    """The header `Signature`; None where it is missing or there twice, which leaves open what is meant."""
    given: Any = headers
    pairs: Any = given.items() if hasattr(given, "items") else given
    if isinstance(pairs, (str, bytes)) or not isinstance(pairs, Iterable):
        raise TypeError(f"headers must be a mapping or pairs of names and values, got {type(headers).__name__}")
    found: list[str | bytes] = []
    name: Any
    value: Any
    for pair in cast("Any", pairs):
        try:
            name, value = pair
        except (TypeError, ValueError):
            raise TypeError("headers must be a mapping or pairs of names and values") from None
        if not isinstance(name, (str, bytes)):
            raise TypeError(f"names of headers must be text or bytes, got {type(name).__name__}")
        if (len(name) == 9 and name.lower() in ("signature", b"signature")) or name == "HTTP_SIGNATURE":
            for one in cast("list[Any]", value if isinstance(value, (list, tuple)) else [value]):
                if not isinstance(one, (str, bytes, type(None))):
                    raise TypeError(f"the header {HEADER} must be text or bytes, got {type(one).__name__}")
                if one is not None:
                    found.append(one)
    return found[0] if len(found) == 1 else None


def _check_body(body: object) -> None:
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise TypeError(f"body must be the request's bytes, before any decoding, got {type(body).__name__}")
