"""The letters of a picture, turned together: Matplotlib makes the matrix by which a text is turned
anew for each of its letters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import ft2font
from matplotlib.backends.backend_agg import get_hinting_flag

# the version of Matplotlib that draws letter by letter, in the way of `turned_together`
KNOWN = (3, 11)
LETTERS = "_draw_text_glyphs_and_boxes"
ONE, PLACES = 0x10000, 0x40  # FreeType's fractions of 1: in a matrix, and in a place

Glyph = tuple[Any, float, int, float, float, float, float]


def turned_together(renderer: Any) -> None:
    """Let a renderer of pixels draw the letters of a text with one matrix: the same pixels in two
    thirds of the time. Other versions of Matplotlib than the one it is written for stay as they are.
    """
    if matplotlib.__version_info__[:2] != KNOWN:
        return
    every: Callable[..., None] = getattr(renderer, LETTERS)

    def letters(
        gc: Any, x: float, y: float, angle: float, glyphs: Iterable[Glyph], boxes: Sequence[object]
    ) -> None:
        drawn = list(glyphs)
        upright = all(slant == 0 and extend == 1 for *_, slant, extend, _, _ in drawn)
        if boxes or not upright or not gc.get_antialiased():
            every(gc, x, y, angle, drawn, boxes)
            return
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        turn = (ONE * np.array([[cos, -sin], [sin, cos]])).round().astype(int)
        flags = get_hinting_flag()
        height, pixels = renderer.height, renderer._renderer
        for font, size, index, _, _, right, up in drawn:
            font.set_size(size, renderer.dpi)
            place = (x + right * cos - up * sin, height - y + right * sin + up * cos)
            font._set_transform(turn, [round(PLACES * place[0]), round(PLACES * place[1])])
            glyph = font._render_glyph(index, flags, ft2font.RenderMode.NORMAL)
            top = int(height) - glyph.top + glyph.buffer.shape[0]
            pixels.draw_text_image(glyph.buffer, glyph.left, top, 0, gc)

    setattr(renderer, LETTERS, letters)
