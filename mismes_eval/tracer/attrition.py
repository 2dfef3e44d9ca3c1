"""Weights of those who answered: one propensity step for each chosen wave, in time order, each
among those who answered the chosen waves before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, Problem, in_column, of_argument, unknown, worded
from mismes_eval.message import Message
from mismes_eval.numerics.logit import Separation
from mismes_eval.numerics.probit import fit_probit
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import public
from mismes_eval.tracer.shapes import refuse_other
from mismes_eval.weighting.attrition import ProbitPropensity, Propensity, StabilisedPropensity
from mismes_eval.weighting.nonresponse import (
    cell_step,
    named_effects,
    no_propensity,
    propensity_step,
)
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.steps import KnownFactor, WeightStep

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel

METHODS = ("logit", "probit", "cells")


@public(DesignError)
def attrition_weights(
    panel: TracerPanel,
    covariates: str | Sequence[str],
    method: str = "logit",
    stabilised: bool = True,
    fixed_weights: bool = False,
    lagged: str | Sequence[str] = (),
    restricted: str | Sequence[str] = (),
    answered: str | None = None,
    then: Callable[[Sample], Sample] | None = None,
) -> TracerPanel:
    """The panel with weights that make those who answered stand for everybody at enrolment.

    For a set of waves (asked for by an estimator, or `panel.weight_sample(waves)`) there is one
    step a wave: the propensity to answer it among those who answered the chosen waves before it. A
    person who missed another wave is kept. Waves that everybody answered take no step. The known
    dead leave the population; pending persons and those not fielded leave the wave, and are no
    loss.

    Parameters
    ----------
    covariates : columns at enrolment, without missing values; categories become indicators.
    method : "logit" or "probit" (main effects), or "cells" (response rate in each combination).
    stabilised : multiply by the propensity of a model with the `restricted` columns only (none: a
        constant) and scale so that the sum of the weights stays; with restricted columns the
        weights are for models that control for them. False: r / p.
    fixed_weights : treat the factors as known, as most software does, to see the difference in the
        standard errors; the table note says so.
    lagged : columns of the waves, taken at the chosen wave before (no missing values among those
        who answered it).
    answered : column of the waves, True where the person counts as having answered; None: an
        interview in person or by proxy.
    then : further steps on the sample of each set of waves, e.g. `lambda s: me.calibrate(me.trim(s,
        upper=50), totals)`.

    A panel that `where` has narrowed is modelled as it is: the propensities are those of its
    domain, persons outside keep their weight, and the step's name says so. To model everybody and
    look at some, narrow afterwards: `attrition_weights(panel, ...).where(mask)`.

    Returns
    -------
    TracerPanel; its estimates carry the uncertainty of the weights.

    Raises
    ------
    DesignError : unknown or missing covariates, when the panel is made; separation or empty cells,
        when the weights of some waves are.

    References
    ----------
    Kim and Kim (2007), Canadian Journal of Statistics 35, 501-514; Robins, Rotnitzky and Zhao
    (1995), JASA 90, 106-121; Baulch and Quisumbing (2011).
    """
    refuse_other(panel, "attrition_weights")
    everybody = bool(panel.sample.domain.all())
    adjustment = Adjustment(
        covariates=_listed(covariates),
        method=method,
        stabilised=stabilised,
        fixed_weights=fixed_weights,
        lagged=_listed(lagged),
        restricted=_listed(restricted),
        answered=answered,
        then=then,
        among=None if everybody else panel.sample.domain,
    )
    DesignError.refuse(_problems(panel, adjustment))
    return panel.with_adjustment(adjustment)


@dataclass(frozen=True)
class Adjustment:
    """How weights for a set of waves are made; the arguments of `attrition_weights`. method "none":
    complete cases, nothing is adjusted. among (n,): the domain that is modelled; None: everybody.
    """

    covariates: tuple[str, ...]
    method: str = "logit"
    stabilised: bool = True
    fixed_weights: bool = False
    lagged: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    answered: str | None = None
    then: Callable[[Sample], Sample] | None = None
    among: Bool | None = None

    @classmethod
    def none(cls) -> Adjustment:
        return cls((), "none", stabilised=False)

    def apply(
        self, panel: TracerPanel, waves: tuple[object, ...], keep_refreshment: bool = False
    ) -> Sample:
        """The panel's sample after the steps for these waves. A refreshment sample has weight 0 (it
        is combined by `refreshment`), or passes unchanged.
        """
        sample = panel.sample
        modelled = self.modelled(sample)
        everybody = Sample(sample.frame, sample.design, modelled, sample.flags)
        if panel.refreshed.any() and not keep_refreshment:
            everybody = everybody.step(
                KnownFactor(
                    Message(
                        "without the refreshment sample ({n})",
                        {"n": f"{int(panel.refreshed.sum()):,}"},
                        "step",
                    ),
                    (~panel.refreshed).astype(float),
                )
            )
        before = None
        for place, wave in enumerate(waves):
            everybody = _leave(panel, everybody, wave, modelled)
            everybody = _untried(panel, everybody, wave, modelled)
            everybody = self._wave(panel, everybody, wave, before if place else None)
            before = wave
        if self.then is not None and not keep_refreshment:
            everybody = self.then(everybody)
        return replace(everybody, domain=everybody.domain & sample.domain)

    def modelled(self, sample: Sample) -> Bool:
        """(n,) the persons whose response is modelled."""
        return np.ones(sample.n, bool) if self.among is None else self.among

    def response(self, panel: TracerPanel, wave: object) -> Float:
        """(n,) 1 where the person answered the wave."""
        if self.answered is None:
            return panel.responded[:, panel.place(wave)].astype(float)
        value = panel.values(self.answered, wave)
        yes: Float = np.nan_to_num(np.asarray(value, float)).astype(bool).astype(float)
        return yes

    def _wave(self, panel: TracerPanel, sample: Sample, wave: object, before: object) -> Sample:
        at_risk = (sample.weights != 0) & ~panel.refreshed & self.modelled(sample)
        r = np.where(at_risk, self.response(panel, wave), 0.0)
        lost = at_risk & (r == 0)
        if not lost.any():
            return sample
        if self.method == "none":
            return sample.step(
                KnownFactor(
                    Message(
                        "answered wave {wave} ({n} of {all}, no adjustment for those lost)",
                        _of_wave(wave, r) | {"all": f"{int(at_risk.sum()):,}"},
                        "step",
                    ),
                    np.where(at_risk, r, 1.0),
                )
            )
        step = self._step(panel, sample, wave, before, r, at_risk)
        return sample.step(
            KnownFactor(
                Message("{step}, factors treated as fixed", {"step": step.name}, "step"),
                step.factor,
            )
            if self.fixed_weights
            else step
        )

    def _step(
        self,
        panel: TracerPanel,
        sample: Sample,
        wave: object,
        before: object,
        r: Float,
        at_risk: Bool,
    ) -> WeightStep:
        frame, columns = self._covariates(panel, sample, before, at_risk)
        kind = "stabilised, " if self.stabilised else ""
        outside = "" if self.among is None else "; persons outside the domain keep their weight"
        model = {"method": self.method, "columns": ", ".join(columns)}
        size = _of_wave(wave, at_risk & (r == 1)) | {"all": f"{int(at_risk.sum()):,}"}
        words = "{method} on {columns}; {n} of {all} answered"
        name = Message(
            "attrition at wave {wave} (" + kind + words + outside + ")", model | size, "step"
        )
        inner = response_step(name, self.method, frame, columns, r, sample.weights, at_risk)
        if not self.stabilised:
            return inner
        restricted = (
            response_step(
                name, self.method, frame, list(self.restricted), r, sample.weights, at_risk
            )
            if self.restricted
            else None
        )
        return StabilisedPropensity(inner, restricted)

    def _covariates(
        self, panel: TracerPanel, sample: Sample, before: object, at_risk: Bool
    ) -> tuple[pd.DataFrame, list[str]]:
        columns = list(self.covariates)
        if before is None or not self.lagged:
            return sample.frame, columns
        values = {f"{column}@{before}": panel.values(column, before) for column in self.lagged}
        ids = sample.frame[panel.unit].to_numpy()
        gone = {column: ids[at_risk & pd.isna(told)] for column, told in values.items()}
        DesignError.refuse(
            Problem(
                what="a lagged covariate is missing among those who answered",
                where=in_column(column),
                expected="a value",
                got=worded("missing"),
                fix="Leave it out, or make missing a category.",
            ).in_rows(persons)
            for column, persons in gone.items()
            if persons.size
        )
        return sample.frame.assign(**values), [*columns, *values]


@public(DesignError, classes=True)
def weight_history(
    panel: TracerPanel, waves: Sequence[object] | object | None = None
) -> pd.DataFrame:
    """How the weights of a set of waves came about: after each step the rows with weight, their
    sum, Kish's design effect, effective n and extreme factors.
    """
    design = panel.weight_sample(waves).design
    rows = []
    for place in range(len(design.steps) + 1):
        w = design.weights_after(place)
        w = w[w != 0]
        factors = np.ones(1) if place == 0 else design.steps[place - 1].factor
        factors = factors[factors != 0]
        kish = float(w.size * (w**2).sum() / w.sum() ** 2)
        rows.append(
            (
                "at enrolment" if place == 0 else design.steps[place - 1].name,
                w.size,
                w.sum(),
                kish,
                w.size / kish,
                factors.min(),
                factors.max(),
            )
        )
    return pd.DataFrame(
        rows, columns=["step", "n", "sum", "kish_deff", "n_effective", "factor_min", "factor_max"]
    )


def response_step(
    name: str,
    method: str,
    frame: pd.DataFrame,
    columns: list[str],
    r: Float,
    weights: Float,
    at_risk: Bool,
) -> Propensity:
    if method == "cells":
        return cell_step(name, frame, columns, r, weights, at_risk)
    x, names = named_effects(frame, columns, at_risk)
    if method == "logit":
        return propensity_step(name, x, names, r, weights, at_risk)
    p = np.ones(r.size)
    try:
        p[at_risk] = fit_probit(x.dense()[at_risk], r[at_risk], weights[at_risk]).p
    except Separation as error:
        raise no_propensity(name, r[at_risk], error.named(names)) from error
    return ProbitPropensity(name=name, x=x, r=np.where(at_risk, r, 1.0), p=p, before=weights)


def known_dead(wave: object, dead: Bool) -> Message:
    """The step by which those known to have died leave the population."""
    words = "known dead by wave {wave} leave the population ({n})"
    return Message(words, _of_wave(wave, dead), "step")


def _of_wave(wave: object, who: Bool | Float) -> dict[str, object]:
    """A wave and how many persons it is about."""
    return {"wave": str(wave), "n": f"{int(who.sum()):,}"}


def _leave(panel: TracerPanel, sample: Sample, wave: object, modelled: Bool) -> Sample:
    dead = panel.dead[:, panel.place(wave)] & (sample.weights != 0) & modelled
    if not dead.any():
        return sample
    return sample.step(
        KnownFactor(
            known_dead(wave, dead),
            (~dead).astype(float),
        )
    )


def _untried(panel: TracerPanel, sample: Sample, wave: object, modelled: Bool) -> Sample:
    """Pending persons and those not fielded are not lost: the weights stand for those tried."""
    outside = panel.outside[:, panel.place(wave)] & (sample.weights != 0) & modelled
    if not outside.any():
        return sample
    return sample.step(
        KnownFactor(
            Message(
                "pending or not fielded at wave {wave} ({n}): the weights stand for the persons"
                " whose fieldwork is over",
                _of_wave(wave, outside),
                "step",
            ),
            (~outside).astype(float),
        )
    )


def _listed(columns: str | Sequence[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _problems(panel: TracerPanel, a: Adjustment) -> Iterator[Problem]:
    yield from unknown("unknown method for attrition weights", "method", a.method, METHODS)
    if not a.covariates:
        yield Problem(
            "attrition weights need covariates",
            of_argument("covariates"),
            "columns known at enrolment",
            worded("none"),
        )
    if a.restricted and not a.stabilised:
        yield Problem(
            "restricted columns are for stabilised weights",
            of_argument("restricted"),
            "stabilised=True",
        )
    strange = [covariate for covariate in a.restricted if covariate not in a.covariates]
    if strange:
        yield Problem(
            "a restricted column is not among the covariates",
            in_column(", ".join(strange)),
            worded("some of {covariates}", {"covariates": ", ".join(a.covariates)}),
        )
    frame, carries = panel.sample.frame, panel.sample.active
    for covariate in a.covariates:
        if covariate not in frame.columns:
            yield Problem(
                "attrition weights name an unknown column",
                in_column(covariate),
                "a column of the persons at enrolment",
            )
            continue
        gone = carries & frame[covariate].isna().to_numpy()
        if gone.any():
            yield Problem(
                what="an attrition covariate is missing",
                where=in_column(covariate),
                expected="a value for everybody at enrolment",
                got=worded("missing"),
                fix="Make missing a category.",
            ).in_rows(frame[panel.unit].to_numpy()[gone])
    for column in (*a.lagged, a.answered):
        if column and column not in panel.long.columns:
            yield Problem(
                "attrition weights name an unknown column",
                in_column(column),
                "a column of the waves",
            )
