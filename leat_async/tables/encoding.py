"""Which encoding the bytes of a file are, found from the whole file or not at all."""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from .table import SourceError, by_setting, snippet

_CHUNK = 1 << 20
_MOST_WORDS = 500
_LONGEST_LINE = 16 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# One byte a letter: Windows, old DOS and Mac programs of western and of central Europe.
_LEGACY = ("cp1252", "cp850", "cp437", "mac-roman", "iso8859-15", "cp1250", "iso8859-2")
_WORD = re.compile(rb"[0-9A-Za-z'\x80-\xff]*[\x80-\xff][0-9A-Za-z'\x80-\xff]*")
_LETTERS = frozenset("àáâäåæçèéêëìíîïñòóôöøùúûüýÿßœãõšžąćęłńśźżčďěňřťůđőűăâîșț")
_SIGNS = frozenset("€£§©®°·«»–—‘’“”„…•´²³½¼ªº¡¿™\xa0")
# cp1252 reads the commonest letters of central Europe as these, which western names seldom have.
_SELDOM = frozenset("øìùõûòðþãØÌÙÕÛÒÐÞÃ")


@attrs.frozen
class TextEncoding:
    """An encoding with what is known of the bytes under it.

    `foreign`: some bytes are not of this encoding; they are read as lone surrogates. `words`: some that show its
    accents. `marked`: a byte order mark says so.
    """

    name: str
    fingerprint: str
    foreign: bool = False
    words: tuple[str, ...] = ()

    @property
    def errors(self) -> str:
        """How to open the file so that no byte is lost."""
        return "surrogateescape" if self.foreign else "strict"


def find_encoding(name: str, path: Path, given: str | None, *, assume: str | None = None) -> TextEncoding:
    """The encoding of the whole file, and its fingerprint.

    Parameters:
        name: what messages call the file.
        given: the encoding that was asked for; then the file must be that.
        assume: what a file that is not UTF-8 is taken for if its bytes allow; None: what makes words of them.

    Raises `SourceError`.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    encoding = given or next((found for mark, found in _MARKS if head.startswith(mark)), None) or _without_mark(head)
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        decoder.decode(b"")
    except (LookupError, TypeError, AssertionError):
        raise SourceError(f"there is no text encoding named {encoding!r}; try utf-8 or cp1252") from None
    digest = hashlib.sha256()
    fits, lines, length = True, 1, 0
    for chunk in _chunks(path):
        digest.update(chunk)
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        length = len(chunk) - end if end >= 0 else length + len(chunk)
        if length > _LONGEST_LINE:
            raise SourceError(f"{name}: a line of more than {_LONGEST_LINE >> 20} MB; is it a table?")
        if fits:
            try:
                decoder.decode(chunk)
                lines += chunk.count(b"\n")
            except (UnicodeError, ValueError) as error:
                fits = False
                # `start` counts from the bytes that the decoder kept back, so the line is near, not exact.
                lines += chunk.count(b"\n", 0, max(0, getattr(error, "start", 0)))
    if fits:
        try:
            decoder.decode(b"", final=True)
        except (UnicodeError, ValueError):
            fits = False
    fingerprint = digest.hexdigest()
    if fits:
        return TextEncoding(encoding, fingerprint)
    if given is not None or encoding not in ("utf-8", "utf-8-sig"):
        raise SourceError(f"{name}: not {encoding} from about line {lines} on; name it with {by_setting('encoding')}")
    sequences, bad = _tally(path)
    if sequences > bad or encoding == "utf-8-sig":
        return TextEncoding(encoding, fingerprint, foreign=True)
    return _legacy(name, path, fingerprint, assume)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _without_mark(head: bytes) -> str:
    """UTF-16 shows by its zeros, of which text has none otherwise."""
    even, odd, half = head[::2].count(0), head[1::2].count(0), len(head) // 2
    if half and odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if half and even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return "utf-8"


_SEQUENCE = re.compile(
    rb"(?:[\xc2-\xdf]|\xe0[\xa0-\xbf]|[\xe1-\xef][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]|[\xf1-\xf4][\x80-\xbf]{2})[\x80-\xbf]"
)
_HIGH = re.compile(rb"[\x80-\xff]")


def _tally(path: Path) -> tuple[int, int]:
    """How many letters beyond ASCII are UTF-8, and how many bytes are not."""
    sequences = bad = 0
    rest = b""
    for chunk in _chunks(path):
        left, found = _SEQUENCE.subn(b"", rest + chunk)
        # What a chunk's end cuts in two is looked at again with the next one.
        rest = left[-3:] if _HIGH.search(left[-3:]) else b""
        sequences += found
        bad += len(_HIGH.findall(left[: len(left) - len(rest)]))
    return sequences, bad + len(_HIGH.findall(rest))


def _legacy(name: str, path: Path, fingerprint: str, assume: str | None) -> TextEncoding:
    """An encoding of one byte a letter, if there is one under which all words look like words."""
    words, undefined = _words(path)
    readings: dict[tuple[str, ...], str] = {}
    for encoding in _LEGACY:
        try:
            undefined.decode(encoding)
            readings.setdefault(tuple(word.decode(encoding) for word in words), encoding)
        except UnicodeDecodeError:
            continue
    if assume is not None and assume in readings.values():
        return TextEncoding(assume, fingerprint)
    plain = {encoding: read for read, encoding in readings.items() if all(map(_is_word, read))}
    if "cp1252" in plain and not any(set(word) & _SELDOM for word in plain["cp1252"]):
        plain = {"cp1252": plain["cp1252"]}
    if len(plain) != 1:
        shown = plain or {encoding: read for read, encoding in readings.items()}
        raise SourceError(f"{name}: not UTF-8, and {_choice(shown)}; name its encoding with {by_setting('encoding')}")
    ((encoding, read),) = plain.items()
    return TextEncoding(encoding, fingerprint, words=read[:3])


def _choice(readings: Mapping[str, tuple[str, ...]]) -> str:
    if not readings:
        return "of no encoding that is known here"
    # Words that break tell more than those that all read well: of the encoding that breaks the fewest.
    odd = min(([place for place, word in enumerate(read) if not _is_word(word)] for read in readings.values()), key=len)
    shown = (odd or range(len(next(iter(readings.values())))))[:3]
    return "these are its words: " + "; ".join(
        f"{snippet(' '.join(read[place] for place in shown))[1:-1]} as {encoding}"
        for encoding, read in list(readings.items())[:5]
    )


def _words(path: Path) -> tuple[list[bytes], bytes]:
    """Words with bytes beyond ASCII, and all such bytes that occur."""
    words: dict[bytes, None] = {}
    high: set[int] = set()
    rest = b""
    for chunk in _chunks(path):
        high |= {byte for byte in set(chunk) if byte > 127}
        text = rest + chunk
        # A word that the chunk's end cuts is looked at with the next one.
        cut = max(text.rfind(b"\n"), len(text) - 200) if len(chunk) == _CHUNK else len(text)
        rest = text[cut:]
        if len(words) < _MOST_WORDS:
            words.update(dict.fromkeys(word[:60] for word in _WORD.findall(text[:cut])))
    return list(words)[:_MOST_WORDS], bytes(sorted(high))


def _is_word(text: str) -> bool:
    """Whether a word looks like one: known letters, capitals only where words have them."""
    for place, char in enumerate(text):
        if char.isascii() or char in _SIGNS:
            continue
        if char.lower() not in _LETTERS or unicodedata.category(char)[0] != "L":
            return False
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        if char.isupper() and (before.islower() or (before.isupper() and after.islower())):
            return False
    return not (len(text) > 1 and any(char in "‘“„•´²³½¼ªº¡¿°§©®™»«€£…–—" for char in text[1:-1]))
