"""What could be wrong with the main effect of a measure: other ways to estimate it, whom the groups
compare, parting trends, single regions, few clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TypeVar

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.attempt import attempted, made_of
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.tracer_effects import Effects, complete_cases
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.impact.bounds.manski import manski_bounds
from mismes_eval.impact.did.balance import Balance, balance
from mismes_eval.impact.did.bands import Band, sup_t
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.impact.did.two_by_two import NAMES, att_2x2
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.impact.sensitivity.honest import HonestDiD, honest_did
from mismes_eval.impact.sensitivity.oster import Oster, oster
from mismes_eval.impact.sensitivity.placebo import Placebo, placebo_groups
from mismes_eval.impact.sensitivity.pretrend_power import PretrendPower, pretrend_power
from mismes_eval.impact.sensitivity.robustness import (
    Specification,
    SpecificationCurve,
    attempt,
    leave_one_out,
)
from mismes_eval.message import Message
from mismes_eval.numerics.did import Method
from mismes_eval.tracer import TracerPanel
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
T = TypeVar("T")
HEADLINE = "headline"
MANSKI = "Effect on everybody, whatever the outcomes of those lost are."
REGION = "region"
ADJUSTED: tuple[Method, ...] = ("dr", "dr_improved", "ipw", "or")
BEFORE, ENROLMENT = "a year before", "enrolment"
MONTHS_BEFORE = 12.0  # the change before enrolment is over the year before it


@dataclass(frozen=True)
class Doubt:
    """One measure's main effect under attack. Whatever the data cannot support is NotEstimable with
    the reason.

    curve : every combination of estimator, weights and comparison date.
    balance : covariates and propensity.
    path : effects by event time in years since enrolment, which is left out, joint over waves;
        band : simultaneous.
    honest, power : how far trends may part, what the pre-trend test could see.
    left_out, placebo : by region.
    wild : by level of clustering.
    """

    measure: str
    curve: SpecificationCurve
    balance: Balance | NotEstimable
    path: Result
    band: Band | NotEstimable
    honest: HonestDiD | NotEstimable
    power: PretrendPower | NotEstimable
    left_out: SpecificationCurve | NotEstimable
    placebo: Placebo | NotEstimable
    wild: dict[str, WildBootstrap | NotEstimable]
    bounds: Result
    unseen: Oster | NotEstimable

    @property
    def wider(self) -> tuple[Span, ...]:
        """The intervals of the wild bootstrap that stand beside the design's."""
        return wild_spans(self.wild)


def wild_spans(wild: Mapping[str, WildBootstrap | NotEstimable]) -> tuple[Span, ...]:
    """The intervals of an effect by level of clustering, each with what its clusters are."""
    words = "{level} as the clusters, wild bootstrap"
    spans = [
        wild_span(one, Message(words, {"level": Message(level)})) for level, one in wild.items()
    ]
    return tuple(span for one in spans for span in one)


def wild_span(wild: WildBootstrap | NotEstimable, basis: Message) -> tuple[Span, ...]:
    """The interval of a wild bootstrap; none where there is none."""
    if isinstance(wild, NotEstimable):
        return ()
    return (Span(float(wild.estimate[0]), float(wild.low[0]), float(wild.high[0]), basis),)


def doubt(params: Params, study: Tracing, effect: Effects) -> Doubt:
    """Everything that can be held against the main effect of one measure, from what the run
    supplies.
    """
    panel = study.of(effect.measure)
    outcome = params.impact.main_outcome
    wave = params.impact.main_wave
    covariates = params.impact.covariates
    method = params.impact.method
    before = params.impact.pre.get(outcome)
    main = effect.by_wave.get(
        (outcome, wave), NotEstimable("the params name no such outcome and wave")
    )

    def estimate(data: TracerPanel) -> Estimate:
        study.comparable(outcome)
        return att_2x2(data, outcome, TREATED, (study.baseline, wave), covariates, method)

    path = event_path_of(study, effect, outcome)
    seed = params.impact.seed
    at = {study.months[wave] / MONTHS_BEFORE: 1.0}
    return Doubt(
        measure=effect.measure,
        curve=specifications(study, panel, outcome, wave, before, covariates, method),
        balance=_balance(study, panel, wave, covariates),
        path=path,
        band=made_of(path, lambda e: sup_t(e, seed=seed)),
        honest=made_of(path, lambda e: honest_did(e, target=at)),
        power=made_of(path, pretrend_power),
        left_out=_by_region(panel, lambda: leave_one_out(estimate, panel, REGION)),
        placebo=_by_region(panel, lambda: placebo_groups(estimate, panel, TREATED, REGION)),
        wild=few_clusters(params, panel, main),
        bounds=attempted(lambda: _worst_case(study, panel, outcome, wave)),
        unseen=attempted(lambda: _unseen(study, panel, outcome, wave, covariates)),
    )


def _balance(
    study: Tracing, panel: TracerPanel, wave: object, covariates: tuple[str, ...]
) -> Balance | NotEstimable:
    """Whom the two arms compare, with the weights of the main effect."""
    if not covariates:
        return NotEstimable("the params name no covariates")
    return attempted(
        lambda: balance(panel.weight_sample([study.baseline, wave]), TREATED, covariates)
    )


def specifications(
    study: Tracing,
    panel: TracerPanel,
    outcome: str,
    wave: object,
    before: str | None,
    covariates: Sequence[str],
    method: Method,
) -> SpecificationCurve:
    """The main effect by every estimator, with every set of weights, against both dates.
    Combinations that do not exist are left out, those that fail stay with the reason.
    """
    panels = {
        "design and attrition": panel,
        "design, attrition ignored": complete_cases(panel),
        "no weights": _unweighted(complete_cases(panel)),
    }
    dates = [
        ENROLMENT,
        *([BEFORE] if before is not None and before in panel.sample.frame.columns else []),
    ]
    methods: tuple[Method, ...] = (*ADJUSTED, "none") if covariates else ("none",)
    runs = []
    made = {
        (w, date): attempted(
            partial(changes, study, data, outcome, wave, before if date == BEFORE else None)
        )
        for w, data in panels.items()
        for date in dates
    }
    for weights, date, m in product(panels, dates, methods):
        main = weights == "design and attrition" and date == ENROLMENT and m == method
        x = () if m == "none" else tuple(covariates)
        wide = made[weights, date]
        result = (
            wide if isinstance(wide, NotEstimable) else attempt(wide[0], _change(wide[1], m, x), {})
        )
        choice = {"estimator": NAMES[m], "weights": weights, "compared with": date}
        runs.append(
            Specification(
                HEADLINE if main else ", ".join(choice.values()),
                choice,
                result,
            )
        )
    named = any(run.name == HEADLINE for run in runs)
    return SpecificationCurve(tuple(runs), HEADLINE if named else None, ())


def _change(
    names: tuple[str, str], method: Method, covariates: Sequence[str]
) -> Callable[[Sample], Estimate]:
    return lambda sample: att_2x2(sample, names, TREATED, None, covariates, method)


def changes(
    study: Tracing, panel: TracerPanel, outcome: str, wave: object, before: str | None = None
) -> tuple[Sample, tuple[str, str]]:
    """Persons with the outcome at both dates, weighted for the two waves, and the names of its two
    columns. before: a column of persons instead of the wave of enrolment.
    """
    study.comparable(outcome)
    names = (f"{outcome}@{before or study.baseline}", f"{outcome}@{wave}")
    first = (
        study.values(outcome, study.baseline)
        if before is None
        else panel.sample.frame[before].to_numpy(float, na_value=np.nan)
    )
    sample = panel.weight_sample([study.baseline, wave]).with_columns(
        {names[0]: first, names[1]: study.values(outcome, wave)}
    )
    seen = sample.frame[list(names)].notna().all(axis=1)
    return sample.where(seen.to_numpy(bool)), names


def _unweighted(panel: TracerPanel) -> TracerPanel:
    """Every person counts once; strata and PSUs stay."""
    design = replace(panel.sample.design, base=np.ones(panel.n), steps=())
    return replace(panel, sample=replace(panel.sample, design=design), _made={})


def event_path_of(study: Tracing, effect: Effects, outcome: str) -> Result:
    """Event study of one measure over waves, with the covariance between waves that have their own
    attrition weights; event time is in years since enrolment.
    """
    pre = effect.pre.get(outcome)
    found = []
    if isinstance(pre, Estimate):
        found.append((-MONTHS_BEFORE, pre.through(lambda v: -v, np.array([[-1.0]]), ("before",))))
    for wave in study.waves:
        estimate = effect.by_wave.get((outcome, wave))
        if isinstance(estimate, Estimate):
            found.append((study.months[wave], estimate))
    if not all(np.isfinite(months) for months, _ in found):
        return NotEstimable("a wave has no date, so nobody knows how long after enrolment it was")
    if not any(months > 0 for months, _ in found):
        return NotEstimable("no wave after enrolment has an effect")
    joint = attempted(partial(on_base, [estimate for _, estimate in found]))
    if isinstance(joint, NotEstimable):
        return joint
    months = np.array([when for when, _ in found])
    keys = pd.DataFrame(
        {"variable": outcome, "event_time": months / MONTHS_BEFORE, "months": months}
    )
    return replace(
        joint,
        keys=keys,
        kind="effect",
        names=tuple(f"{when:g}" for when in months),
        extra={**joint.extra, "references": (0.0,)},
    )


def _by_region(panel: TracerPanel, make: Callable[[], T]) -> T | NotEstimable:
    if REGION not in panel.sample.frame.columns:
        return NotEstimable(f"the tracer study has no column '{REGION}'")
    return attempted(make)


def few_clusters(
    params: Params, panel: TracerPanel, main: Result
) -> dict[str, WildBootstrap | NotEstimable]:
    """Wild cluster bootstrap of an effect over PSUs, where they are fewer than the params
    allow for, and over regions.
    """
    least = params.impact.few_clusters
    seed = params.impact.seed
    treated = panel.sample.frame[TREATED].astype(float).tolist()
    out: dict[str, WildBootstrap | NotEstimable] = {}
    levels: dict[str, list[str] | None] = {"primary sampling units": None}
    if REGION in panel.sample.frame.columns:
        levels["regions"] = panel.sample.frame[REGION].astype(str).tolist()
    for name, cluster in levels.items():
        count = panel.sample.design.psus if cluster is None else len(set(cluster))
        if isinstance(main, NotEstimable):
            out[name] = main
        elif cluster is None and count >= least:
            out[name] = NotEstimable(
                Message(
                    "{least} primary sampling units or more are not few: the interval of the design"
                    " stands",
                    {"least": f"{least}"},
                )
            )
        else:
            out[name] = attempted(
                partial(wild_bootstrap, main, cluster=cluster, treated=treated, seed=seed)
            )
    return out


def _worst_case(study: Tracing, panel: TracerPanel, outcome: str, wave: object) -> Estimate:
    """Bounds of the difference in levels when nothing is assumed of those lost, for yes-no
    outcomes.
    """
    study.comparable(outcome)
    value = study.values(outcome, wave)
    if not np.isin(value[np.isfinite(value)], (0.0, 1.0)).all():
        raise EstimateError("the outcome is not yes or no: its worst case has no end")
    seen = np.isfinite(value) & study.responded(wave)
    name = f"{outcome}@{wave}"
    fielded = panel.sample.where(study.fielded(wave))
    lost = fielded.with_columns({name: np.where(seen, value, np.nan), "_seen": seen})
    return manski_bounds(lost, name, TREATED, "_seen", 0.0, 1.0).annotated(definition=MANSKI)


def _unseen(
    study: Tracing, panel: TracerPanel, outcome: str, wave: object, covariates: Sequence[str]
) -> Oster:
    if not covariates:
        raise EstimateError(
            "no covariate is named, so nothing tells how strongly seen causes select"
        )
    sample, names = changes(study, panel, outcome, wave)
    change = (sample.frame[names[1]] - sample.frame[names[0]]).to_numpy(float)
    return oster(sample.with_columns({"_change": change}), "_change", TREATED, list(covariates))
