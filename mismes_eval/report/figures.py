"""Figures of a report: one style, safe for colour-blind readers, each with the words a reader
without the picture needs.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter

from mismes_eval.frame.codes import labels
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.pictures.intervals import Series
from mismes_eval.pictures.layout import laid_out_once
from mismes_eval.pictures.letters import turned_together
from mismes_eval.pictures.png import png_of
from mismes_eval.pictures.style import MARKERS, MEANINGS, RED, colours
from mismes_eval.report.document.download import download
from mismes_eval.report.document.language import ENGLISH, Language, language
from mismes_eval.report.document.plain import escape, printable, scrolled

SCREEN, PRINT = 110, 150  # dots an inch: as shown on a screen, as drawn
NARROW = 480  # pixels that a phone shows with letters that can be read
TALL = 1.2  # height by width: on paper it begins its chapter's page
WATERMARK = "SYNTHETIC DATA"
SIGNS = {"confidential": "c", "secondary": "c", "unreliable": ":", "not estimable": "–"}
_STYLE = {
    **sns.axes_style("whitegrid"),
    "figure.dpi": 110,
    "savefig.dpi": PRINT,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "0.6",
    "axes.grid": True,
    "grid.color": "0.92",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "svg.hashsalt": "mismes",
    "text.parse_math": False,
    "xtick.bottom": True,
}


@dataclass(frozen=True)
class Caption:
    """What stands around a picture: its id and title, the source of its numbers, notes, whether the
    data are made up, and the language (t) that everything is put into.
    """

    id: str
    title: str
    source: str = ""
    notes: Sequence[str] = ()
    synthetic: bool = False
    t: Language = ENGLISH

    @property
    def heading(self) -> str:
        """The title in the language."""
        return self.t(self.title)

    def told(self, what: str, axes: str = "") -> str:
        """Alternative text: what the picture is, what its axes are, what stands in it; the last two
        are in the language already.
        """
        if not axes:
            return self.t("{title}. {what}", title=self.heading, what=what)
        return self.t("{title}. {axes}. {values}", title=self.heading, axes=axes, values=what)


@dataclass(frozen=True)
class Figure:
    """png bytes; alt: what the picture shows, for readers who cannot see it; data: the numbers
    drawn; lang: the language that its words were put into.
    """

    id: str
    title: str
    png: bytes
    alt: str
    data: pd.DataFrame
    source: str = ""
    notes: tuple[str, ...] = ()
    synthetic: bool = False
    lang: str = ""

    def in_language(self, t: Language) -> Figure:
        """The words around the picture in a language; those inside it were drawn in the language
        that its maker was given.
        """
        if self.lang:
            return self
        return replace(
            self,
            title=t(self.title),
            alt=t(self.alt),
            source=t(self.source),
            notes=tuple(t(n) for n in self.notes),
            lang=t.code,
        )

    def to_html(self, lang: str = "en") -> str:
        """<figure> with the picture inside the page, its text and its notes."""
        text = language(self.lang or lang)
        said = self.in_language(text)
        notes = [
            *(
                (
                    text(
                        "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."
                    ),
                )
                if self.synthetic
                else ()
            ),
            *said.notes,
        ]
        if said.source:
            notes.append(text("Source: {source}", source=said.source))
        foot = "".join(f"<li>{escape(n)}</li>" for n in notes)
        wide, named = "", ""
        if self.width > NARROW:
            wide = " wide"
            named = scrolled(self.id, said.title)
        tall = ' class="tall"' if self.height > TALL * self.width else ""
        picture = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure id="{escape(self.id)}"{tall}><figcaption><span class="id">{escape(self.id)}</span>'
            f' {escape(said.title)}</figcaption><div class="picture{wide}"{named}><img width="{self.width}"'
            f' src="data:image/png;base64,{picture}" alt="{escape(said.alt)}"></div><ul'
            f' class="notes">{foot}</ul>{download(said.id, said.data, text)}</figure>'
        )

    @property
    def width(self) -> int:
        """Pixels of a screen that it takes: letters as large as those around it."""
        return self._dots(16)

    @property
    def height(self) -> int:
        """Pixels of a screen that it takes from top to bottom."""
        return self._dots(20)

    def _dots(self, at: int) -> int:
        """A length from the head of the PNG, in pixels of a screen."""
        return round(int.from_bytes(self.png[at : at + 4], "big") * SCREEN / PRINT)

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_png_(self) -> bytes:
        return self.png


def canvas(width: float = 7.0, height: float = 3.6) -> tuple[Canvas, Axes]:
    """One axes in the project's style, outside pyplot so that nothing stays open."""
    with matplotlib.rc_context(_STYLE):
        fig = Canvas(figsize=(width, height), layout="constrained")
        return fig, fig.subplots()


def panels(
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    heights: Sequence[float] | None = None,
    sharex: bool = False,
    sharey: bool = False,
) -> tuple[Canvas, list[Axes]]:
    """Several axes in the project's style, row by row; shared axes show one scale."""
    with matplotlib.rc_context(_STYLE):
        fig = Canvas(figsize=(width, height), layout="constrained")
        axes = fig.subplots(
            rows, columns, sharex=sharex, sharey=sharey, squeeze=False, height_ratios=heights
        )
        return fig, [ax for line in axes for ax in line]


def legend_above(ax: Axes, columns: int = 3) -> None:
    """The legend above the axes, where it hides nothing, in as many columns as its words leave room
    for.
    """
    longest = max((len(label) for label in ax.get_legend_handles_labels()[1]), default=0)
    beside = max((len(label.get_text()) for label in ax.get_yticklabels()), default=0)
    figure = ax.get_figure(root=True)
    room = (7.0 if figure is None else figure.get_size_inches()[0]) - 0.5 - 0.075 * beside
    columns = max(1, min(columns, int(room / (0.5 + 0.068 * longest))))
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        frameon=False,
        fontsize=8,
        borderaxespad=0.2,
    )


def finish(caption: Caption, fig: Canvas, alt: str, data: pd.DataFrame) -> Figure:
    """Draw to PNG, with a watermark where the data are synthetic. The bytes depend on the numbers
    and the language only. Labels and legend are drawn in it already; title, alt, source and notes
    are put into it here, axis numbers get its separators.
    """
    t = caption.t
    for ax in fig.axes:
        _numerals(ax, t)
        for axis in (ax.xaxis, ax.yaxis):
            axis.label.set_wrap(True)  # a language may need more words than the picture is wide
    if caption.synthetic:
        fig.supxlabel(
            t(WATERMARK), x=0.99, ha="right", fontsize=8, color=RED, alpha=0.75, weight="bold"
        )
    texts = [text for text in fig.findobj(Text) if isinstance(text, Text)]
    for text in texts:
        text.set_parse_math(False)  # a dollar sign in a name is a dollar sign
        text.set_text(printable(text.get_text()))
    with matplotlib.rc_context(_STYLE):
        fig.set_dpi(PRINT)
        laid_out_once(fig.axes, texts)
        drawn = FigureCanvasAgg(fig)
        turned_together(drawn.get_renderer())
        drawn.draw()  # savefig draws twice
    return Figure(
        id=caption.id,
        title=caption.title,
        png=png_of(np.asarray(drawn.buffer_rgba()), PRINT),
        alt=alt,
        data=data,
        source=caption.source,
        notes=tuple(caption.notes),
        synthetic=caption.synthetic,
    ).in_language(t)


class _Numerals(ScalarFormatter):
    """Plain numbers of an axis with the language's separators."""

    def __init__(self, t: Language) -> None:
        super().__init__(useOffset=False)
        self._t = t

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos)
        return self._t.numeral(f"{x:,.0f}" if abs(x) >= 10_000 and float(x).is_integer() else text)


class _Powers(LogFormatter):
    """Numbers of a logarithmic axis in full: 100, 2,000."""

    def __init__(self, t: Language, minor_thresholds: tuple[float, float] | None = None) -> None:
        super().__init__(minor_thresholds=minor_thresholds)
        self._t = t

    def _num_to_string(self, x: float, vmin: float, vmax: float) -> str:
        return self._t.numeral(f"{x:,.10g}")


def _numerals(ax: Axes, t: Language) -> None:
    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(_Powers(t))
            axis.set_minor_formatter(_Powers(t, minor_thresholds=(1.5, 0.8)))
        if type(axis.get_major_formatter()) is ScalarFormatter:
            axis.set_major_formatter(_Numerals(t))


def _sentence(
    labels: Sequence[str],
    value: Sequence[float] | Float,
    low: Sequence[float] | Float,
    high: Sequence[float] | Float,
    scale: float,
    t: Language,
) -> str:
    many = [
        t(
            "{name} {v} ({lo} to {hi})",
            name=name,
            v=t.number(middle * scale),
            lo=t.number(lo * scale),
            hi=t.number(hi * scale),
        )
        for name, middle, lo, hi in zip(labels, value, low, high, strict=True)
    ]
    return "; ".join(many[:15]) + (t("; and more") if len(many) > 15 else "")


def colours_of(names: Iterable[str], t: Language) -> list[str]:
    """A colour for each series by what it means (arms, migration status, stages of measures),
    whatever the language.
    """
    stages = dict(zip(labels("stages").values(), labels("stages", t.code).values(), strict=True))
    spoken = {word: stages.get(word, t.words.get(word, word)) for word in MEANINGS}
    return colours(names, {spoken[word]: colour for word, colour in MEANINGS.items()})


def series_of(
    frame: pd.DataFrame,
    at: Float,
    scale: float,
    colour: str,
    k: int,
    name: str = "",
    hollow: Bool | None = None,
) -> Series:
    """The k-th series of a picture from value, low, high (and wide_low, wide_high) of a frame.
    hollow (n,): points of which the evidence is weak.
    """
    value, low, high = (
        frame[column].to_numpy(float) * scale for column in ("value", "low", "high")
    )
    wide = None
    if "wide_low" in frame:
        wide = frame[["wide_low", "wide_high"]].to_numpy(float) * scale
    name = str(frame["series"].iloc[0]) if len(frame) else name
    return Series(
        name=name,
        at=at,
        value=value,
        low=low,
        high=high,
        colour=colour,
        marker=MARKERS[k % len(MARKERS)],
        wide=wide,
        hollow=hollow,
    )


def sentence_of(frame: pd.DataFrame, labels: Sequence[str], scale: float, t: Language) -> str:
    """Value, low and high of each row in words."""
    value, low, high = (frame[column].to_numpy(float) for column in ("value", "low", "high"))
    return _sentence(labels, value, low, high, scale, t)
