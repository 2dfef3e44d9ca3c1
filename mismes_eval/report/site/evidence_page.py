"""The page of the evidence: every effect of a report or an outside evaluation, what they say
together, and evaluations that records name without an effect that is known here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.outside_evidence import OWN, Together
from mismes_eval.frame import codes, labels
from mismes_eval.impact.planning.meta_regression import MetaRegression
from mismes_eval.report.document.plain import escape
from mismes_eval.report.pages_from_templates import Html, rendered
from mismes_eval.report.sentences import in_brief
from mismes_eval.report.site.evidence import Evaluation, recorded
from mismes_eval.report.site.html import ARROWS, Shell, address, link, table
from mismes_eval.report.site.maps import Axis, forest_mark, interval_mark
from mismes_eval.report.synthesis import outside as words_of
from mismes_eval.report.synthesis.tables import PageNames

HEAD = (
    *("measure", "outcome", "months", "effect", "picture", "direction", "grade", "design"),
    *("risk_of_bias", "source"),
)
TITLE_OF_MEANS = "Own and outside effects together, measures as units"
HASH = 16  # digits of a hash that are shown


@dataclass(frozen=True)
class Listing:
    """What the page is made of: records, effects, means over them."""

    frame: pd.DataFrame
    found: tuple[Evaluation, ...]
    means: tuple[Together, ...]


def evidence_page(shell: Shell, listing: Listing) -> Html:
    """Means, then the effects of each model, then what is named only."""
    words, found = shell.words, listing.found
    known = list(map(str, codes("models")["code"]))
    groups = {model: [effect for effect in found if effect.model == model] for model in known}
    groups[""] = [effect for effect in found if effect.model not in known]
    notes = ["picture_note", "spoken_note", "assumption", "hidden_note"]
    if any(effect.moved_apart for effect in found):
        notes.insert(0, "reservation")
    return rendered(
        "site/evidence.html.j2",
        words=words,
        models=[_of_model(shell, listing, model, here) for model, here in groups.items() if here],
        notes=[words[key] for key in notes],
        means_title=shell.t(TITLE_OF_MEANS),
        means=_means(shell, listing) if listing.means else "",
        notes_of_means=map(shell.t, words_of.NOTES_OF_MEANS),
        named=_named_only(shell, listing),
    )


def _of_model(
    shell: Shell, listing: Listing, model: str, here: Sequence[Evaluation]
) -> tuple[str, str, Html]:
    """Anchor, title and table of the effects on measures of one model, by outcome; pictures share
    an axis within the page.
    """
    w = PageNames(shell.t)
    span = _span(listing.found)
    spoken = {effect.outcome for effect in here if effect.main}
    ordered = sorted(
        here,
        key=lambda e: (
            e.outcome not in spoken,
            e.outcome,
            e.country,
            e.measure,
            e.source,
            e.months,
        ),
    )
    rows = [
        [
            _place(w, effect),
            w.outcome(effect.outcome, effect.better),
            *effect_cells(shell, effect, HEAD[2:], span),
        ]
        for effect in ordered
    ]
    title = w.model(model)
    return model or "none", title, table(title, [shell.words[key] for key in HEAD], rows, (2, 3))


def _place(w: PageNames, e: Evaluation) -> str:
    country = w.country(e.country)
    if e.measure_id:
        return Html(f"{escape(country)}, {link(e.measure_id, None)}")
    return f"{country}, {e.measure}" if e.measure else country


def _span(found: Sequence[Evaluation]) -> Axis:
    """The ends of the axis of effects on shares: all values, and intervals no longer than twice
    the room that values take; longer ones run out of the picture.
    """
    values = [effect.value for effect in found if effect.unit == "share"]
    room = max([abs(value) for value in values], default=0.0)
    return -2 * room, 2 * room


def effect_cells(
    shell: Shell, e: Evaluation, head: Sequence[str], span: Axis = (0.0, 0.0)
) -> list[str]:
    """The cells of an effect in some columns of the tables of effects. span: ends of the axis of
    pictures.
    """
    words = shell.words
    mark = " (a)" if e.moved_apart else ""
    drawn: str = ""
    if e.unit == "share" and span[1] > span[0]:
        drawn = interval_mark((e.value, e.ci_low, e.ci_high), span)
    cells = {
        "months": "" if math.isnan(e.months) else shell.number(e.months),
        "effect": _effect_words(shell, e),
        "picture": drawn,
        "direction": f"{ARROWS[e.direction]} {words[e.words]}{mark}",
        "grade": shell.t(e.grade) if e.grade else words["not_graded"],
        "design": _design_words(shell, e),
        "risk_of_bias": _bias(shell, e),
        "source": _source_words(shell, e),
    }
    return [cells[key] for key in head]


def _effect_words(shell: Shell, e: Evaluation) -> str:
    """Value, the interval that speaks, unit; for a headline the words of the first page."""
    if e.main:
        about = words_of.about_unit(PageNames(shell.t), e.unit)
        return shell.t(in_brief(Span(e.value, e.ci_low, e.ci_high), about))
    row = {"unit": e.unit, "value": e.value, "low": e.ci_low, "high": e.ci_high}
    return words_of.size_words(PageNames(shell.t), row)


def _design_words(shell: Shell, e: Evaluation) -> str:
    """The design in words; where lots were drawn it says so."""
    known = labels("impact_designs", shell.t.code)
    label = known.get(e.design_code, e.design_code)
    return label if e.kind != OWN else f"{shell.t(e.design)} ({label})"


def _bias(shell: Shell, e: Evaluation) -> str:
    row = {"risk_of_bias": e.risk_of_bias, "moved_apart": e.moved_apart}
    return words_of.bias_words(PageNames(shell.t), row)


def _source_words(shell: Shell, e: Evaluation) -> str:
    """Citation, or report with the hash of its manifest; marked where the effect is made up."""
    source = e.source
    if e.kind == OWN:
        said = shell.words["report_source"]
        source = said.format(name=e.source, hash=e.manifest_sha256[:HASH])
    marked = e.synthetic and "SYNTHETIC" not in source
    return f"{source} ({shell.words['made_up_mark']})" if marked else source


def _means(shell: Shell, listing: Listing) -> Html:
    """Means with measures as units, what may be said of them, and how many measures it takes."""
    w = PageNames(shell.t)
    span = _span(listing.found)
    rows = [[*words_of.mean_cells(w, one), _forest(shell, one, span)] for one in listing.means]
    return table(shell.t(TITLE_OF_MEANS), [*words_of.mean_head(w), shell.words["picture"]], rows)


def _forest(shell: Shell, one: Together, span: Axis) -> str:
    """The effects behind a mean, and the mean."""
    if one.unit != "share" or not span[1] > span[0]:
        return ""
    columns = one.effects[["value", "low", "high"]].to_numpy(float)
    effects = [(float(value), float(low), float(high)) for value, low, high in columns]
    mean = None
    if isinstance(one.found, MetaRegression):
        mean = float(one.found.value[0]), float(one.found.low[0]), float(one.found.high[0])
    title = shell.words["picture_of_mean"].format(k=len(effects))
    return forest_mark(effects, mean, span, title)


def _named_only(shell: Shell, listing: Listing) -> str:
    """Evaluations that records name and of which no effect is known here; "" for none."""
    words = shell.words
    known = {effect.measure_id for effect in listing.found}
    named = recorded(listing.frame)
    named = named[~named["measure_id"].isin(known)]
    if named.empty:
        return ""
    rows = [_record_cells(shell, listing.frame.loc[label]) for label in named.index]
    head = ("measure", "model", "evaluation", "design", "year", "source")
    return table(words["recorded_only"], [words[key] for key in head], rows)


def _record_cells(shell: Shell, row: pd.Series) -> list[str]:
    empty = shell.words["empty"]
    text = shell.t
    kinds, designs = labels("eval_types", text.code), labels("impact_designs", text.code)
    url = row.get("eval_url")
    return [
        link(row["measure_id"], row["title_en"]),
        PageNames(text).model(str(row["model_primary"])),
        kinds.get(str(row["eval_type"]), empty),
        designs.get(str(row["impact_design"]), empty),
        empty if pd.isna(row["eval_year"]) else f"{row['eval_year']:.0f}",
        empty if pd.isna(url) else address(url),
    ]
