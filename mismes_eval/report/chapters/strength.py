"""How strong a hidden cause of the main effect would have to be, and what the tests could have
found (T19b).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.sensitivity import MONTHS_BEFORE, Doubt
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.planning.detectable import detectable_effect
from mismes_eval.impact.sensitivity.honest import HonestDiD
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import (
    cell_unit,
    following,
    headline_cell,
    joined,
    outcome_scale,
    outcome_unit,
    plain,
    rows,
    single,
)
from mismes_eval.report.chapters.verdicts import effect_verdict
from mismes_eval.report.document.tables import P_VALUE, Table

BREAK = "largest break of trend, times the one before, that the finding survives"


TREND_50 = "difference in trends that the pre-trend test finds with 50% chance, a year"


TREND_80 = "difference in trends that the pre-trend test finds with 80% chance, a year"


BIAS = "bias of the headline's effect that such a difference (80%), going on, would bring"


FINDABLE = "effect that this study finds with 80% chance"


PLACEBO = "placebo regions: share of effects at least as large as the actual one"


SELECTION = (
    "selection on unseen causes, times that on seen ones, that would bring the effect to 0 (Oster)"
)


IN_UNITS = (
    "Effects and trends in {u}. A negative multiple: unseen causes would have to work against the seen"
    " ones."
)


NO_FINDING = NotEstimable(
    "no effect is shown by the widest of its intervals, so there is no finding to overturn"
)
NOT_EVEN_PARALLEL = NotEstimable(
    "the finding does not survive even parallel trends with sampling error"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of T19b: its number, with the scale and the decimals that it is shown with."""

    row: str
    value: float | NotEstimable
    scale: float = 1.0
    digits: int = 1


def main_outcome(context: Context) -> str:
    return context.params.impact.main_outcome


def strength(context: Context, study: Tracing, effect: Effects, d: Doubt) -> Table:
    """T19b: how strong a hidden cause would have to be, and what the tests could see. Where the
    main effect is hidden, nothing that is computed from it is said.
    """
    outcome, wave = context.evaluation.main_cell
    main = effect.by_wave.get((outcome, wave))
    scale = outcome_scale(context, outcome)[0]
    unit = cell_unit(context, outcome)
    headline = headline_cell(context, d.measure, study)
    verdict = effect_verdict(context.evaluation, effect)
    found = verdict is not None and verdict.shown
    years = study.months[wave] / MONTHS_BEFORE if wave in study.months else np.nan
    lines = _of_trends(d, scale, found, years)
    if isinstance(main, Estimate):
        lines.append(Line(FINDABLE, detectable_effect(main), scale))
    lines += [*_of_placebos(d), *_of_unseen(d, scale)]
    cells = []
    units = {}
    for line in lines:
        if isinstance(line.value, NotEstimable):
            cells.append(single(context, line.row, "value", line.value))
        else:
            units[line.row] = (line.scale, line.digits)
            stated = _strength_unit(line.row, unit)
            told = rows([plain(line.row, "value", line.value, stated)])
            cells.append(following(told, headline))
    title = context.text("{m}: how strong a hidden cause would have to be", m=d.measure)
    return Table(
        id=f"T19b-{d.measure}",
        title=title,
        cells=joined(cells),
        source=study.source,
        notes=(
            context.text(IN_UNITS, u=outcome_unit(context, outcome)),
            study.published_basis,
        ),
        digits=2,
        units=units,
    )


def _of_trends(d: Doubt, scale: float, found: bool, years: float) -> list[Line]:
    """The break of trend that the finding survives, and what the pre-trend test could see in the
    year before enrolment. found: whether there is a finding, by the interval that speaks; years:
    from enrolment to the headline, over which a straight parting goes on.
    """
    lines = [Line(BREAK, _survived(d.honest) if found else NO_FINDING)]
    if isinstance(d.power, NotEstimable):
        return [*lines, Line(TREND_80, d.power)]
    seen = d.power.table.set_index(["test", "power"])
    for row, power, times in ((TREND_50, 0.5, 1.0), (TREND_80, 0.8, 1.0), (BIAS, 0.8, years)):
        slope = float(str(seen.loc[("joint", power), "slope"]))
        lines.append(Line(row, slope * times, scale))
    return lines


def _survived(honest: HonestDiD | NotEstimable) -> float | NotEstimable:
    """The largest break of trend that a finding survives."""
    if isinstance(honest, NotEstimable):
        return honest
    return NOT_EVEN_PARALLEL if honest.breakdown is None else honest.breakdown


def _of_placebos(d: Doubt) -> list[Line]:
    """Effects in regions where there was no measure, against the actual one."""
    if isinstance(d.placebo, NotEstimable):
        return [Line(PLACEBO, d.placebo)]
    rank = d.placebo.rank_p
    joint = d.placebo.joint
    p = joint if isinstance(joint, NotEstimable) else float(joint.p)
    return [
        Line(PLACEBO, np.nan if rank is None else rank, digits=2),
        Line("placebo regions: p-value of the test that all their effects are 0", p, digits=3),
    ]


def _of_unseen(d: Doubt, scale: float) -> list[Line]:
    """Selection on causes that the data do not show (Oster)."""
    if isinstance(d.unseen, NotEstimable):
        return [Line(SELECTION, d.unseen)]
    adjusted = "effect if unseen causes select as strongly as seen ones (Oster)"
    return [Line(SELECTION, d.unseen.delta), Line(adjusted, d.unseen.adjusted, scale)]


def _strength_unit(row: str, effect: str) -> str:
    """The unit of a row of T19b: that of the effect, or a multiple, a share, a p-value."""
    if "p-value" in row:
        return P_VALUE
    if row.startswith("placebo regions"):
        return "share"
    return "multiple" if "times" in row else effect
