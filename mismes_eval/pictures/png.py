"""The file of a drawn picture."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

INCH = 0.0254  # metres
# letters and flat colours as they are: a sixth smaller than with the filters of an image library at
# its own level, in half the time
LEVEL = 4
DEPTH, COLOURS, METRE = 8, 2, 1  # bits of a colour; red, green and blue; dots are counted by metre


def png_of(pixels: NDArray[np.uint8], dots: float) -> bytes:
    """A PNG of pixels (height, width, 3 or 4), of which the fourth is opaque and left out, at so
    many dots an inch. The bytes depend on these alone.
    """
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # each line begins with 0: no filter
    lines[:, 1:] = pixels[:, :, :3].reshape(height, 3 * width)
    metre = int(dots / INCH + 0.5)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _block(b"IHDR", struct.pack(">IIBBBBB", width, height, DEPTH, COLOURS, 0, 0, 0)),
            _block(b"pHYs", struct.pack(">IIB", metre, metre, METRE)),
            _block(b"IDAT", zlib.compress(lines.data, LEVEL)),
            _block(b"IEND", b""),
        )
    )


def _block(name: bytes, content: bytes) -> bytes:
    """Length, name, content and check sum of one part of the file."""
    check = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
