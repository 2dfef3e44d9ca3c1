"""A picture laid out once: Matplotlib asks each text for its place, and each axis for its ticks,
six times and more before it draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.text import Text

# of a text: its lines; of an axis: its ticks in view, and the boxes of their labels
LAYOUT, TICKS, BOXES = "_get_layout", "_update_ticks", "_get_ticklabel_bboxes"


def laid_out_once(axes_of_figure: Sequence[Axes], texts: Sequence[Text]) -> None:
    """Keep the lines of each text, and the ticks of each axis with the boxes of their labels, until
    what they follow from changes.
    For a figure that is finished: fonts, locators and formatters stay as they are.
    """
    for text in texts:
        _keep(text, LAYOUT, _of_text(text))
    for axes in axes_of_figure:
        for axis in (axes.xaxis, axes.yaxis):
            _keep(axis, TICKS, _of_axis(axis, axes))
            _keep(axis, BOXES, _of_axis(axis, axes))


def _of_text(text: Text) -> Callable[[], Hashable]:
    """What the lines of a text follow from while its figure is drawn; of one that is broken to stay
    in the picture, also its place.
    """
    figure, broken = text.get_figure(root=True), text.get_wrap()
    return lambda: (
        text.get_text(),
        text.get_rotation(),
        text.get_horizontalalignment(),
        text.get_verticalalignment(),
        None if figure is None else figure.dpi,
        *(text.get_transform().transform(text.get_unitless_position()) if broken else ()),
    )


def _of_axis(axis: Axis, axes: Axes) -> Callable[[], Hashable]:
    """What the ticks of an axis follow from while its figure is drawn: what it shows, and where."""
    return lambda: (*axis.get_view_interval(), *axes.bbox.extents)


def _keep(artist: Artist, method: str, follows: Callable[[], Hashable]) -> None:
    """Let an artist's method answer anew only where `follows` has changed since it last did."""
    answer: Callable[..., object] = getattr(artist, method)
    last: list[object] = []

    def kept(*given: object) -> object:
        now = follows()
        if not last or last[0] != now:
            last[:] = now, answer(*given)
        return last[1]

    setattr(artist, method, kept)
