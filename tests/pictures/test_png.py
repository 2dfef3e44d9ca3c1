"""The file of a picture holds its pixels, which are those of Matplotlib's own layout."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mismes_eval.pictures.layout import laid_out_once
from mismes_eval.pictures.letters import turned_together
from mismes_eval.pictures.png import png_of


def test_a_picture_is_read_back_as_it_was_drawn() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (7, 13, 4), dtype=np.uint8)
    pixels[:, :, 3] = 255
    made = png_of(pixels, 150)
    with Image.open(io.BytesIO(made)) as read:
        read.verify()
    with Image.open(io.BytesIO(made)) as read:
        assert (read.mode, read.size) == ("RGB", (13, 7))
        assert round(read.info["dpi"][0]) == 150
        assert np.array_equal(np.asarray(read), pixels[:, :, :3])


def _drawn(once: bool) -> bytes:
    """A log axis, shared axes, a legend and a text of two lines, drawn; the view changes between
    two drawings.
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = list(figure.subplots(2, 2, sharex="col", squeeze=False).flat)
    for place, ax in enumerate(axes):
        ax.plot([1, 10, 300], [0.1 * place, 2e5, 40], label=f"series {place}")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1))
    axes[0].set_yscale("log")
    axes[1].set_xlabel("two\nlines")
    axes[1].tick_params(axis="y", rotation=45)
    axes[3].set_title("a sum $x^2 + \\frac{1}{2}$")
    axes[3].text(20, 9, "rough", antialiased=False, rotation=30)
    if once:
        laid_out_once(axes, [text for text in figure.findobj(Text) if isinstance(text, Text)])
    canvas = FigureCanvasAgg(figure)
    if once:
        turned_together(canvas.get_renderer())
    canvas.draw()
    first = bytes(canvas.buffer_rgba())
    axes[2].set_xlim(40, 41)
    axes[1].set_xlabel("another word")
    canvas.draw()
    return first + bytes(canvas.buffer_rgba())


def test_a_picture_laid_out_once_has_the_same_pixels() -> None:
    assert _drawn(once=True) == _drawn(once=False)
