"""Figures of a report: one style, safe for colour-blind readers, each with the words a reader
without the picture needs.
"""

from __future__ import annotations

import base64
import io
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

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.pictures import intervals as pictures
from mismes_eval.pictures.flow import INCHES, flow_height
from mismes_eval.pictures.flow import flow as draw_flow
from mismes_eval.pictures.grids import counts
from mismes_eval.pictures.intervals import Series
from mismes_eval.pictures.style import MARKERS, MEANINGS, PALETTE, RED, colours
from mismes_eval.report.document.download import download
from mismes_eval.report.document.language import ENGLISH, Language, language
from mismes_eval.report.document.plain import escape, printable

SCREEN, PRINT = 110, 150  # dots an inch: as shown on a screen, as drawn
NARROW = 480  # pixels that a phone shows with letters that can be read
TALL = 1.2  # height by width: on paper it begins its chapter's page
WATERMARK = "SYNTHETIC DATA"
SIGNS = {"confidential": "c", "secondary": "c", "unreliable": ":", "not estimable": "–"}
_STYLE = {
    **sns.axes_style("whitegrid"),
    "figure.dpi": 110,
    "savefig.dpi": 150,
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
                (text("SYNTHETIC DATA: made-up persons, no finding about the real country."),)
                if self.synthetic
                else ()
            ),
            *said.notes,
        ]
        if said.source:
            notes.append(text("Source: {source}", source=said.source))
        foot = "".join(f"<li>{escape(n)}</li>" for n in notes)
        wide = " wide" if self.width > NARROW else ""
        tall = ' class="tall"' if self.height > TALL * self.width else ""
        picture = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure id="{escape(self.id)}"{tall}><figcaption><span class="id">{escape(self.id)}</span>'
            f' {escape(said.title)}</figcaption><div class="picture{wide}"><img width="{self.width}"'
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


def finish(
    id: str,
    title: str,
    fig: Canvas,
    alt: str,
    data: pd.DataFrame,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Draw to PNG, with a watermark where the data are synthetic. The bytes depend on the numbers
    and the language only.

    t : the report's language, in which labels and legend are drawn already; title, alt, source and
        notes are put into it here, axis numbers get its separators.
    """
    for ax in fig.axes:
        _numerals(ax, t)
    for text in fig.findobj(Text):
        text.set_parse_math(False)  # a dollar sign in a name is a dollar sign
        text.set_text(printable(text.get_text()))
    if synthetic:
        fig.supxlabel(
            t(WATERMARK), x=0.99, ha="right", fontsize=8, color=RED, alpha=0.75, weight="bold"
        )
    out = io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        fig.set_dpi(matplotlib.rcParams["savefig.dpi"])
        FigureCanvasAgg(fig).print_png(out, metadata={"Software": None})  # savefig draws twice
    return Figure(
        id=id,
        title=title,
        png=out.getvalue(),
        alt=alt,
        data=data,
        source=source,
        notes=tuple(notes),
        synthetic=synthetic,
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
    """A colour for each series by what it means (arms, migration status), whatever the language."""
    return colours(names, {t.words.get(word, word): colour for word, colour in MEANINGS.items()})


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


def dots(
    id: str,
    title: str,
    groups: dict[str, Estimate],
    labels: Sequence[str],
    xlabel: str,
    scale: float = 1.0,
    reference: float | None = None,
    keep: Sequence[bool] | None = None,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Dot and 95% interval of each label, one colour a series. keep: labels that may be published.
    t: the report's language, for every word of the picture.
    """
    shown = list(keep) if keep is not None else [True] * len(labels)
    frames = []
    for name, estimate in groups.items():
        ci = estimate.ci()
        numbers = {"value": estimate.value, "ci_low": ci["low"], "ci_high": ci["high"]}
        frame = pd.DataFrame({column: np.asarray(values) for column, values in numbers.items()})
        status = np.where(shown, "shown", "confidential")
        frames.append(frame.assign(row=list(labels), column=name, status=status))
    cells = pd.concat(frames, ignore_index=True)
    return dots_of(
        id, title, cells, xlabel, scale, source, notes, synthetic, t, reference=reference
    )


def dots_of(
    id: str,
    title: str,
    cells: pd.DataFrame,
    xlabel: str,
    scale: float = 1.0,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
    reference: float | None = None,
) -> Figure:
    """Dot and 95% interval of published cells: one line a row, one colour a column; where a cell is
    hidden its sign stands in its place.
    """
    title, xlabel = t(title), t(xlabel)
    cells = cells.assign(
        row=[t(name) for name in cells["row"]], column=[t(name) for name in cells["column"]]
    )
    labels, groups = list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))
    fig, ax = canvas(7.0, 1.0 + 0.3 * len(labels) * max(1, 0.6 * len(groups)))
    place = {label: float(place) for place, label in enumerate(labels)}
    chosen, rows, alt, series = colours_of(groups, t), [], [], []
    for k, name in enumerate(groups):
        seen = cells[(cells["column"] == name) & (cells["status"] == "shown")]
        drawn = {"series": name, "label": seen["row"], "value": seen["value"]}
        frame = pd.DataFrame({**drawn, "low": seen["ci_low"], "high": seen["ci_high"]})
        rows.append(frame)
        at = seen["row"].map(place).to_numpy(float)
        series.append(series_of(frame, at, scale, chosen[k], k, str(name)))
        said = sentence_of(frame, list(frame["label"]), scale, t)
        alt.append(t("{series}: {values}", series=name, values=said) if len(groups) > 1 else said)
    signs = {
        int(place[row]): SIGNS[status]
        for row, status in zip(cells["row"], cells["status"], strict=True)
        if status in SIGNS
    }
    at_value = None if reference is None else reference * scale
    pictures.forest(ax, labels, series, xlabel, at_value, signs=signs)
    if len(groups) > 1:
        legend_above(ax)
    return finish(
        id,
        title,
        fig,
        _alt(t, title, xlabel, ". ".join(alt)),
        pd.concat(rows, ignore_index=True),
        source,
        notes,
        synthetic,
        t,
    )


def _alt(t: Language, title: str, axes: str, values: str) -> str:
    """Alternative text: what the picture is, what its axes are, what stands in it. Its parts are in
    the language already.
    """
    return t("{title}. {axes}. {values}", title=title, axes=axes, values=values)


def heat(
    id: str,
    title: str,
    table: pd.DataFrame,
    label: str,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Counts in a grid: rows and columns of the table, number in each cell."""
    title, table = t(title), table.rename(index=lambda v: t(str(v)), columns=lambda v: t(str(v)))
    fig, ax = canvas(7.2, 1.2 + 0.34 * len(table))
    counts(ax, table.to_numpy(float), list(table.index), list(table.columns))
    filled = [
        t("{row}, {column}: {v}", row=row, column=column, v=t.number(table.loc[row, column], 0))
        for row in table.index
        for column in table.columns
        if table.loc[row, column] > 0
    ]
    return finish(
        id,
        title,
        fig,
        _alt(t, title, t(label), "; ".join(filled[:40])),
        table.reset_index(),
        source,
        notes,
        synthetic,
        t,
    )


QUARTILES, QUARTILE = (0.25, 0.5, 0.75), "quartile"


def histogram(
    id: str,
    title: str,
    edges: Float,
    published: pd.DataFrame,
    xlabel: str,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Distribution of weights on a log scale by group: share of the group in each bin.

    edges : (k + 1,) ends of the bins.  published : column the group, row the number of the bin: its
        share, NaN where it is not shown; column "GROUP quartile", row "0.25", "0.5", "0.75".
    """
    title, xlabel = t(title), t(xlabel)
    fig, ax = canvas(7.0, 3.0)
    quartile = published["column"].str.endswith(f" {QUARTILE}")
    shares = {t(str(name)): part for name, part in published[~quartile].groupby("column")}
    for j, (name, part) in enumerate(sorted(shares.items())):
        height = np.zeros(edges.size - 1)
        height[part["row"].astype(int)] = 100 * part["value"].fillna(0.0)
        ax.stairs(
            height,
            edges,
            color=PALETTE[j % len(PALETTE)],
            lw=1.6,
            ls=("-", "--", ":")[j % 3],
            label=name,
        )
    ax.set_xscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(t("% of the group"))
    if len(shares) > 1:
        legend_above(ax)
    wide = published[quartile].pivot(index="column", columns="row", values="value")
    wide.index = pd.Index(
        [t(name.removesuffix(f" {QUARTILE}")) for name in wide.index], name="group"
    )
    wide.columns = pd.Index([float(at) for at in wide.columns])
    alt = "; ".join(
        t(
            "{g}: median {mid:,.1f}, middle half {low:,.1f} to {high:,.1f}",
            g=group,
            mid=row[0.5],
            low=row[0.25],
            high=row[0.75],
        )
        for group, row in wide.dropna().sort_index().iterrows()
    )
    return finish(
        id,
        title,
        fig,
        _alt(t, title, xlabel, alt),
        wide.sort_index().reset_index(),
        source,
        notes,
        synthetic,
        t,
    )


def edges_of(weights: Float) -> Float:
    """Edges of 25 bins between the 1st and 99th percentile: what lies beyond is in the outer bins,
    so that no single weight can be read off the axis.
    """
    if not weights.size:
        return np.array([0.5, 1.5])
    low, high = np.quantile(weights, [0.01, 0.99], method="inverted_cdf")
    edges: Float = np.geomspace(low, max(high, low) * (1 + 1e-9), 26)
    return edges


def paths(
    id: str,
    title: str,
    frame: pd.DataFrame,
    xlabel: str,
    ylabel: str,
    scale: float = 1.0,
    zero: bool = False,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
    height: float = 3.4,
) -> Figure:
    """Lines with intervals over time. frame: series, x, value, low, high (and wide_low, wide_high
    for simultaneous bands). height: inches.
    """
    title, xlabel, ylabel, frame = (
        t(title),
        t(xlabel),
        t(ylabel),
        frame.assign(series=[t(str(name)) for name in frame["series"]]),
    )
    fig, ax = canvas(7.0, height)
    lines = {str(name): line for name, line in frame.groupby("series", sort=False)}
    chosen, alt, series = colours_of(lines, t), [], []
    for place, (name, line) in enumerate(lines.items()):
        series.append(series_of(line, line["x"].to_numpy(float), scale, chosen[place], place))
        said = sentence_of(line, [t("at {x:g}", x=x) for x in line["x"]], scale, t)
        alt.append(t("{series}: {values}", series=name, values=said))
    pictures.path(ax, series, xlabel, ylabel, joined=True, zero=zero)
    if len(lines) > 1:
        legend_above(ax)
    return finish(
        id,
        title,
        fig,
        _alt(t, title, t("{y} by {x}", y=ylabel, x=xlabel), ". ".join(alt)),
        frame,
        source,
        notes,
        synthetic,
        t,
    )


def flow(
    id: str,
    title: str,
    steps: Sequence[tuple[str, int]],
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Participant flow: one box a step, from frame to analysed, an arrow from each to the next."""
    title, steps = t(title), [(t(name), n) for name, n in steps]
    lines = [t("{step}: {n:,}", step=name, n=n) for name, n in steps]
    boxes = [(line, "") for line in lines]
    fig, ax = canvas(INCHES, flow_height(boxes))
    draw_flow(ax, boxes)
    return finish(
        id,
        title,
        fig,
        t("{title}. {values}", title=title, values="; ".join(lines)),
        pd.DataFrame(steps, columns=["step", "n"]),
        source,
        notes,
        synthetic,
        t,
    )
