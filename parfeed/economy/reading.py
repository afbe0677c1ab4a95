"""
Reading an economy: a file of councils, plain, .gz or .xz, or the packaged one.

What a file may be is known by its first bytes, whatever its name is.
"""

import lzma
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Final

from parfeed.economy.councils import (
    CouncilsFile,
    NoEconomy,
    decode_councils,
)

PACKAGED: Final = "councils_01.json.xz"
"""6,000 councils over 50 products (parfeed/data/ATTRIBUTION.md)."""

MAX_BYTES: Final = 512 * 1024 * 1024
"""Of a file, unpacked. 200 times the packaged one; more than a memory should meet."""

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"


def read_councils(path: Path | None = None) -> CouncilsFile:
    """
    Read a file of councils.

    Args:
        path: the file; None for the packaged one.

    Raises:
        NoEconomy: if it cannot be read, is none, or cannot be planned.
    """
    if path is None:
        packed = files("parfeed").joinpath("data", PACKAGED).read_bytes()
        return decode_councils(lzma.decompress(packed))
    try:
        packed = path.read_bytes()
    except OSError as exc:
        raise NoEconomy(
            f"{path} cannot be read: {exc.strerror}; name a file of councils, or none "
            "for the packaged one"
        ) from exc
    try:
        return decode_councils(_unpacked(packed))
    except NoEconomy as exc:
        raise NoEconomy(f"{path}: {exc}") from exc


def _unpacked(packed: bytes) -> bytes:
    if packed.startswith(_GZIP):
        # `wbits` of 31 is gzip; the bound holds whatever the file claims.
        unpack: zlib._Decompress | lzma.LZMADecompressor = zlib.decompressobj(31)
    elif packed.startswith(_XZ):
        unpack = lzma.LZMADecompressor()
    else:
        return packed
    try:
        plain = unpack.decompress(packed, MAX_BYTES)
    except (zlib.error, lzma.LZMAError) as exc:
        raise NoEconomy(f"it is damaged and cannot be unpacked: {exc}") from exc
    if not unpack.eof:
        cut = "is cut off" if len(plain) < MAX_BYTES else "holds too much"
        raise NoEconomy(f"it {cut}: {len(plain)} bytes and no end")
    return plain
