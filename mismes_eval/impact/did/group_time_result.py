"""Group-time effects as a result: cells, averages, bands and tests, with the design's error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import (
    IdentificationError,
    unknown,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.hypothesis import Test, wald
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.result_table import in_notebook
from mismes_eval.impact.did import staggered_plots
from mismes_eval.impact.did.aggregation import Kind, averages, overall
from mismes_eval.impact.did.bands import Band, sup_t
from mismes_eval.impact.did.group_time_cells import (
    Fitted,
    fit_cells,
    without_lost,
)
from mismes_eval.impact.did.layout import Layout
from mismes_eval.impact.did.periods import Base, Control, Plan
from mismes_eval.impact.did.two_by_two import EXTREME, NAMES
from mismes_eval.impact.did.two_periods import distinct
from mismes_eval.message import Message
from mismes_eval.numerics.averages import Averages, Shares
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Float
from mismes_eval.public import Seed, check
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.timeline import Timeline

_TINY = np.finfo(float).tiny


def _check_window(verb: str, min_event: object, max_event: object, balance: object) -> None:
    check(
        IdentificationError,
        verb,
        ("min_event", min_event, float | None),
        ("max_event", max_event, float | None),
        ("balance", balance, float | None),
    )


@dataclass(frozen=True)
class GroupTime:
    """ATT(cohort, time). estimate: one value a cell; joint: the same and the weighted size of each
    cohort, from which averages are made.

    overlap : per propensity fitted: cohort, share of comparison weight with a propensity above
        0.995, largest propensity.
    free : degrees of freedom of joint tests: PSUs with treated rows less the cohorts, or comparison
        PSUs less one, whichever are fewer, and no more than the design's.
    cells : cohort, time, event_time and base of each cell as numbers of `time`, the periods in
        their order; the keys of `estimate` show them by their labels.
    """

    estimate: Estimate
    joint: Estimate
    control: Control
    base: Base
    anticipation: float
    last: float
    overlap: pd.DataFrame
    free: float
    cells: pd.DataFrame
    time: Timeline

    @property
    def vcov(self) -> Float:
        """(K, K) of the cells."""
        return self.estimate.vcov

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """One row a cell: cohort, time, event_time, base, att, se, ci_low, ci_high, n_treated,
        n_comparison. se is NaN for the base period itself.
        """
        keys = self.estimate.keys
        ci = self.estimate.ci(level)
        reference = (keys["time"] == keys["base"]).to_numpy()
        hide = np.where(reference, np.nan, 1.0)
        return keys.assign(
            att=self.estimate.value,
            se=self.estimate.se * hide,
            ci_low=ci["low"].to_numpy() * hide,
            ci_high=ci["high"].to_numpy() * hide,
        )

    def aggregate(
        self,
        kind: Kind = "event",
        min_event: float | None = None,
        max_event: float | None = None,
        balance: float | None = None,
    ) -> Estimate:
        """Averages of the cells (R did: aggte), with the sampling error of the cohorts' sizes.

        kind : "simple" (all post-treatment cells), "event" (by time since treatment), "cohort",
            "calendar".
        min_event, max_event : event times that count.
        balance : keep the cohorts for which every event time from 0 (from min_event, where it is
            given) to this one is estimated: the same cohorts in each average from there on. Who is
            left out is said in the notes.
        """
        _check_window("aggregate", min_event, max_event, balance)
        return averages(self.joint, self.cells, self.time, kind, (min_event, max_event), balance)

    def overall(
        self,
        kind: Kind = "simple",
        min_event: float | None = None,
        max_event: float | None = None,
        balance: float | None = None,
    ) -> Estimate:
        """One number from `aggregate`: equal weights over event times from 0 and over periods,
        cohort sizes over cohorts.
        """
        _check_window("overall", min_event, max_event, balance)
        return overall(self.joint, self.cells, self.time, kind, (min_event, max_event), balance)

    def bands(
        self, level: float = 0.95, seed: Seed = 0, draws: int = 10_000, method: str = "covariance"
    ) -> Band:
        """Simultaneous (sup-t) band over all cells. See `bands.sup_t`; for an aggregate call
        `sup_t(estimate)`.
        """
        return sup_t(self.estimate, level, seed, draws, method)

    def pretrend_test(self) -> Test | NotEstimable:
        """Joint test that all effects before treatment (and its anticipation) are 0: parallel
        trends as far as they can be seen.

        The statistic is Wald's F of k effects. Its p-value is that of F (d - k + 1) / d with k and
        d - k + 1 degrees of freedom (Korn and Graubard 1990), d those of the arm with fewer PSUs
        (`free`): with the design's own the test rejects true nulls too often, a quarter of the time
        with two cohorts of six PSUs.
        """
        keys = self.cells
        before = (keys["time"] < keys["cohort"] - self.anticipation) & (
            keys["time"] != keys["base"]
        )
        if not before.any():
            return NotEstimable("no period before treatment to compare", "Pre-trend test")
        test = wald(
            self.estimate,
            [name for name, earlier in zip(self.estimate.names, before, strict=True) if earlier],
        )
        fewer = test if isinstance(test, NotEstimable) else by_fewer_psus(test, self.free)
        if isinstance(fewer, NotEstimable):
            return replace(fewer, definition="Pre-trend test")
        return replace(fewer, null=f"all {int(before.sum())} effects before treatment are 0")

    def plot(self, kind: str = "event", ax: Any = None, seed: int = 0) -> Any:
        """ "event": event study with pointwise and simultaneous bands; "cohort" or "calendar"
        likewise; "heat": map of cohorts by periods. Returns the axes.
        """
        if kind == "heat":
            cells = self.to_frame().assign(cohort=self.cells["cohort"], time=self.cells["time"])
            return staggered_plots.heat_map(cells, ax, self.time.shown)
        IdentificationError.refuse(
            unknown("unknown plot", "kind", kind, ("event", "cohort", "calendar", "heat"))
        )
        estimate = self.aggregate(cast(Kind, kind))
        return staggered_plots.study(estimate, sup_t(estimate, seed=seed), self.time, ax)

    def _repr_html_(self) -> str:
        return in_notebook(self.to_frame(), self.estimate.notes)

    def __repr__(self) -> str:
        return self.to_frame().to_string(index=False) + "".join(
            f"\n{note}" for note in self.estimate.notes
        )


def by_fewer_psus(test: Test, free: float) -> Test | NotEstimable:
    """A joint test whose p-value is that of F (d - k + 1) / d with k and d - k + 1 degrees of
    freedom, d = free, those of the arm with fewer PSUs (Korn and Graubard 1990).
    """
    ddf = free - test.ndf + 1
    if ddf < 1:
        return NotEstimable(
            Message(
                "{k} effects cannot be tested together with {d} degrees of freedom between PSUs",
                {"k": f"{test.ndf:g}", "d": f"{free:g}"},
            )
        )
    factor = ddf / free
    return replace(
        test,
        ddf=ddf,
        p=float(stats.f.sf(test.statistic * factor, test.ndf, ddf)),
        method=f"Wald test, p-value of F times {factor:.3f}",
    )


def result(
    layout: Layout,
    chosen: Plan,
    fitted: Fitted,
    outcome: str,
    covariates: Sequence[str],
    control: Control,
    base: Base,
    anticipation: float,
    method: Method,
) -> GroupTime:
    """What was fitted, with its error: cells and sizes of the cohorts on the layout's design."""
    groups = np.array(chosen.cohorts)
    k = len(chosen.cells)
    g = groups.size
    influence = layout.influence(fitted.z, np.eye(k + g))
    design = layout.sample.design
    value = np.concatenate([fitted.att, fitted.size])
    replicates = None
    if design.replicates is not None:
        replicates = _replicates(layout, chosen, method, fitted.z[:, k:])
    known = None if replicates is not None else design.vcov(_summed(influence, design))
    part = Part(
        design=design,
        influence=influence,
        replicates=replicates,
        full=None if replicates is None else value,
        known=known,
        averages=_averages(layout, fitted),
    )
    time = layout.time
    cells = _numbered(chosen)
    keys = _shown_keys(time, cells, fitted)
    count = [int(((layout.cohort == start) & (layout.weights != 0)).sum()) for start in groups]
    names = [f"ATT({chosen.label(cell.cohort)},{chosen.at(cell.time)})" for cell in chosen.cells]
    sizes = [f"size({chosen.label(start)})" for start in groups]
    cohorts = pd.DataFrame({"cohort": [time.key(start) for start in groups]})
    settings = (
        f"base: {base}; anticipation: {anticipation:g}; covariates:"
        f" {', '.join(covariates) or 'none'}"
    )
    joint = Estimate(
        value=value,
        names=(*names, *sizes),
        parts=(part,),
        keys=pd.concat([keys, cohorts], ignore_index=True),
        n=np.concatenate([fitted.n_treated + fitted.n_comparison, count]).astype(float),
        dof=np.full(k + g, layout.sample.degf),
        kind="effect",
        notes=(
            _what(layout, outcome, method, control, settings, g),
            time.said,
            *chosen.notes,
            *layout.notes,
            *fitted.notes,
            *_overlap_notes(fitted.overlap, time),
            *layout.sample.notes,
        ),
        extra={"base": base, "method": method},
    )
    each = replace(
        joint.select(list(range(k))),
        keys=keys,
        definition="Average effect of the treatment on the treated, by cohort and period.",
    )
    begun = [time.key(start) for start in fitted.overlap["cohort"]]
    return GroupTime(
        estimate=each,
        joint=joint,
        control=control,
        base=base,
        anticipation=anticipation,
        last=float(time.at[-1]),
        overlap=fitted.overlap.assign(cohort=begun),
        free=min(_free_psus(layout, chosen), float(layout.sample.degf)),
        cells=cells.assign(n_treated=fitted.n_treated),
        time=time,
    )


def _shown_keys(time: Timeline, cells: pd.DataFrame, fitted: Fitted) -> pd.DataFrame:
    """The cells by the labels of their periods, with their numbers of units."""
    return pd.DataFrame(
        {
            "cohort": [time.key(start) for start in cells["cohort"]],
            "time": [time.key(moment) for moment in cells["time"]],
            "event_time": cells["event_time"],
            "base": [time.key(moment) for moment in cells["base"]],
            "n_treated": fitted.n_treated,
            "n_comparison": fitted.n_comparison,
        }
    )


def _what(
    layout: Layout, outcome: str, method: Method, control: Control, settings: str, cohorts: int
) -> str:
    """What was estimated, in a sentence."""
    kind, unit = ("panel", "units")
    if layout.period is not None:
        kind, unit = ("repeated cross-sections", "rows")
    others = "never treated" if control == "never" else "not yet treated"
    rows = int((~np.isnan(layout.cohort)).sum())
    return (
        f"Group-time effects of {outcome}, {NAMES[method]}, {kind}; comparison: {others};"
        f" {settings}; {cohorts} cohorts, {layout.time.size} periods, {rows:,} {unit}."
    )


def _numbered(chosen: Plan) -> pd.DataFrame:
    """Cohort, time, event time and base of each cell, as numbers."""
    periods = chosen.periods
    cohort = np.array([cell.cohort for cell in chosen.cells])
    time = periods[[cell.time for cell in chosen.cells]]
    return pd.DataFrame(
        {
            "cohort": cohort,
            "time": time,
            "event_time": chosen.time.since(time, cohort),
            "base": periods[[cell.base for cell in chosen.cells]],
        }
    )


def _averages(layout: Layout, fitted: Fitted) -> Averages:
    """What the cells and the sizes of the cohorts average: in each cell the treated and those that
    they are compared with.
    """
    k, g = fitted.att.size, fitted.size.size
    cells, side = np.nonzero(fitted.column >= 0)
    coef = np.zeros((k + g, len(fitted.shares)))
    coef[cells, fitted.column[cells, side]] = 1.0
    rows = np.column_stack(fitted.shares)
    rows /= np.maximum(layout.weights @ rows, _TINY)
    taken = Shares(layout.influence(rows, np.eye(rows.shape[1])), coef, np.arange(rows.shape[1]))
    members = np.vstack([np.zeros((k, g)), np.eye(g)])
    size = layout.influence(fitted.z[:, k:], np.eye(g))
    return Averages((taken, Shares(size, members, np.arange(g), centred=False)))


def _free_psus(layout: Layout, chosen: Plan) -> float:
    """PSUs that hold rows with weight and are free: of the treated less the cohorts, or of those
    that cohorts are compared with less one.
    """
    psu = layout.sample.design.psu[layout.row]
    used = layout.weights != 0
    others = sorted({start for cell in chosen.cells for start in cell.against})
    compared = distinct(psu[np.isin(layout.cohort, others) & used])
    treated = distinct(psu[np.isin(layout.cohort, chosen.cohorts) & used])
    return float(min(treated - len(chosen.cohorts), compared - 1))


def _summed(influence: Influence, design: SurveyDesign) -> Influence:
    """The same with PSU sums at hand where every row is a PSU of its own and no step pulls the
    influence back first.
    """
    m = design.stages[-1].stratum.size
    if design.steps or m != design.unit.size or not (design.unit == np.arange(m)).all():
        return influence
    base = design.base
    even = bool((base == 1).all())
    dense = [block.rows.dense() for block in influence.blocks]
    blocks = tuple(
        replace(block, formed=(base, design.unit, rows if even else rows * base[:, None]))
        for block, rows in zip(influence.blocks, dense, strict=True)
    )
    return replace(influence, blocks=blocks)


def _replicates(layout: Layout, chosen: Plan, method: Method, member: Float) -> Float:
    """(B, K + G) cells and cohort sizes in every replicate."""

    def again(w: Float) -> Float:
        mine = w[layout.row]
        fitted = without_lost(chosen, fit_cells(layout, mine, chosen, method), "refuse")[1]
        return np.concatenate([fitted.att, mine @ member])

    out: Float = replicated(layout.sample, again)
    return out


def _overlap_notes(overlap: pd.DataFrame, time: Timeline) -> tuple[str, ...]:
    weak = overlap[overlap["extreme"] > 0]
    if weak.empty:
        return ()
    listed = ", ".join(
        f"{time.shown(start)} ({100 * share:.1f}%)"
        for start, share in zip(weak["cohort"], weak["extreme"], strict=True)
    )
    return (
        (
            f"Weak overlap: comparison weight with a propensity above {EXTREME}, by cohort:"
            f" {listed}; nothing was trimmed."
        ),
    )
