"""Whether a `-wal` is whole: SQLite takes it as far as it can be read, and says nothing of the rest.

Its format is part of SQLite's file format, which does not change: https://sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER, _FRAME = struct.Struct(">8I"), struct.Struct(">6I")
_MAGIC = {0x377F0682: "<II", 0x377F0683: ">II"}
_MASK = 0xFFFFFFFF


def is_damaged(path: Path) -> bool:
    """Whether commits of a `-wal` are lost that SQLite once said were on disk."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    if len(data) < _HEADER.size or not any(data[: _HEADER.size]):
        return False  # never written, or not to its end
    magic, _, size, _, salt_1, salt_2, *told = _HEADER.unpack_from(data)
    pairs = _MAGIC.get(magic)
    if pairs is None or (sums := _checksum(pairs, data[:24], 0, 0)) != tuple(told):
        return len(data) > _HEADER.size + _FRAME.size
    whole, lost = True, 0
    step = _FRAME.size + size
    for start in range(_HEADER.size, len(data) - step + 1, step):
        _, commits, *salts, first, second = _FRAME.unpack_from(data, start)
        if salts != [salt_1, salt_2]:
            break  # left over from before the file was begun anew
        if whole:
            sums = _checksum(pairs, data[start : start + 8], *sums)
            sums = _checksum(pairs, data[start + _FRAME.size : start + step], *sums)
            whole = sums == (first, second)
        lost += not whole and commits > 0
    # One may have been under way when the power went; before the next it was on disk.
    return lost > 1


def _checksum(pairs: str, data: bytes, first: int, second: int) -> tuple[int, int]:
    for one, other in struct.iter_unpack(pairs, data):
        first = (first + one + second) & _MASK
        second = (second + other + first) & _MASK
    return first, second
