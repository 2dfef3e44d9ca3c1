"""Refreshment samples combined with the panel by effective n, and intensive tracing of a random
part of the lost (double sampling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, Problem, in_column, of_argument, worded
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import public
from mismes_eval.tracer.attrition import known_dead, response_step
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.steps import KnownFactor, PhaseTwo

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


@dataclass(frozen=True)
class Refreshed:
    """Three samples of the same persons for one wave: `both` (panel and refreshment, combined),
    `without` (panel only), `only` (refreshment only).

    share : weight of the panel in `both`, its effective n over that of both.
    n_effective : (panel, refreshment).
    """

    both: Sample
    without: Sample
    only: Sample
    share: float
    n_effective: tuple[float, float]


@public(DesignError, classes=True)
def refreshment(
    panel: TracerPanel, wave: object, covariates: str | Sequence[str] = (), method: str = "logit"
) -> Refreshed:
    """Combine a wave's panel members with the refreshment sample drawn from the same population.

    Parameters
    ----------
    panel : with a refreshment column (`TracerPanel.refresh`); its attrition weights concern the
        members only.
    covariates, method : response model of the refreshment sample at this wave; (): one rate for
        all.

    Returns
    -------
    Refreshed; each sample has the population's total weight up to its own response. Shares count as
    fixed in standard errors (the step's name says so).

    Raises
    ------
    DesignError : no refreshment sample, or nobody of it answered the wave.

    References
    ----------
    Watson and Lynn (2021), Refreshment sampling for longitudinal surveys, in Lynn (ed.), Advances
    in Longitudinal Survey Methodology, Wiley, ch. 1.
    """
    fresh = panel.refreshed
    if not fresh.any():
        raise DesignError(
            Problem(
                "the panel has no refreshment sample",
                of_argument("panel"),
                "TracerPanel.from_frame(..., refresh='refresh_sample')",
            )
        )
    without = panel.weight_sample(wave)
    place = panel.place(wave)
    responded = panel.responded[:, place].astype(float)
    only = _answered(
        panel.sample.step(KnownFactor("refreshment sample only", fresh.astype(float))),
        responded,
        fresh,
        covariates,
        method,
        wave,
    )
    sizes = (_effective(without), _effective(only))
    if not sizes[1]:
        raise DesignError(
            Problem(
                "nobody of the refreshment sample answered the wave",
                worded("wave {wave}", {"wave": wave}),
                "at least one interview",
            )
        )
    share = sizes[0] / sum(sizes)
    members = panel.weight_sample_of(wave, keep_refreshment=True)
    both = _answered(members, responded, fresh, covariates, method, wave)
    mixing = np.where(fresh, 1 - share, share)
    both = both.step(
        KnownFactor(
            Message(
                "panel and refreshment combined by effective n ({a} and {b}, shares treated as"
                " fixed)",
                {"a": f"{share:.3f}", "b": f"{1 - share:.3f}"},
                "step",
            ),
            mixing,
        )
    )
    both = replace(both, domain=both.domain & panel.sample.domain)
    return Refreshed(both=both, without=without, only=only, share=share, n_effective=sizes)


def _answered(
    sample: Sample,
    r: Float,
    at_risk: Bool,
    covariates: str | Sequence[str],
    method: str,
    wave: object,
) -> Sample:
    at_risk = at_risk & sample.active
    if not (at_risk & (r == 0)).any():
        return sample
    listed = [*listed_names(covariates)]
    at_wave = {"wave": str(wave), "method": method, "columns": ", ".join(listed)}
    model = "({method} on {columns})" if listed else "(one rate)"
    name = Message(f"response of the refreshment sample at wave {{wave}} {model}", at_wave, "step")
    return _with_response(sample, name, method, listed, r, at_risk)


def _with_response(
    sample: Sample, name: str, method: str, columns: list[str], r: Float, at_risk: Bool
) -> Sample:
    """The sample with a response step; one rate for all where there are no columns."""
    model = method if columns else "logit"
    answers = np.where(at_risk, r, 0.0)
    step = response_step(name, model, sample.frame, columns, answers, sample.weights, at_risk)
    return sample.step(step)


def _effective(sample: Sample) -> float:
    w = sample.weights[sample.active]
    return float(w.sum() ** 2 / (w**2).sum()) if w.size else 0.0


@public(DesignError)
def follow_up(
    panel: TracerPanel,
    wave: object,
    selected: str,
    probability: str | float,
    covariates: str | Sequence[str] = (),
    method: str = "logit",
) -> TracerPanel:
    """The panel with weights for a wave whose lost were traced intensively in a random subsample
    (double sampling).

    Those who answered in the first place stand for themselves; of the others only the subsample
    counts, at 1 / probability, and its response is modelled among itself. With full response to the
    tracing nothing about the loss needs to be assumed.

    Parameters
    ----------
    selected : boolean column of the wave, True for those drawn for intensive tracing (whether they
        answered then is the wave's disposition).
    probability : column of the wave with their selection probability among the lost, or one number.
    covariates, method : response model among the traced; (): one rate.

    Returns
    -------
    TracerPanel whose weights for this wave are these.

    Raises
    ------
    DesignError : unknown columns, probabilities out of (0, 1], nobody selected.

    References
    ----------
    Hansen and Hurwitz (1946), JASA 41, 517-529; Coppock, Gerber, Green and Kern (2017), Political
    Analysis 25, 188-206.
    """
    t = panel.chosen(wave)[0]
    chosen, prob = _subsample(panel, t, selected, probability)
    responded = panel.responded[:, panel.place(t)].astype(float)
    first = (responded == 1) & ~chosen
    drawn = np.where(chosen, 1 / np.where(chosen, prob, 1.0), 0.0)
    share = np.where(first | ~panel.sample.domain, 1.0, drawn)
    base = panel.sample
    dead = panel.dead[:, panel.place(t)] & ~chosen & base.domain
    if dead.any():
        base = base.step(KnownFactor(known_dead(t, dead), (~dead).astype(float)))
    stage = base.design.stages[0]
    lost = {
        "n": f"{int(chosen.sum()):,}",
        "all": f"{int((~first & base.active).sum()):,}",
        "wave": str(t),
    }
    name = Message("intensive tracing of {n} of {all} lost at wave {wave}", lost, "step")
    sample = base.step(
        PhaseTwo(
            name=name,
            share=share,
            g=np.ones(panel.n),
            x=None,
            before=base.weights,
            fraction=stage.fraction[stage.stratum[base.design.psu]],
        )
    )
    traced = chosen & sample.active
    if (traced & (responded == 0)).any():
        listed = [*listed_names(covariates)]
        told = {
            "method": method,
            "columns": ", ".join(listed),
            "n": f"{int((traced & (responded == 1)).sum()):,}",
            "all": f"{int(traced.sum()):,}",
        }
        model = "{method} on {columns}" if listed else "one rate"
        label = Message(f"response to intensive tracing ({model}; {{n}} of {{all}})", told, "step")
        sample = _with_response(sample, label, method, listed, responded, traced)
    return panel.with_weights(t, sample)


def _subsample(
    panel: TracerPanel, t: object, selected: str, probability: str | float
) -> tuple[Bool, Float]:
    """(n,) who was drawn for tracing at a wave, and with what probability."""
    named = [column for column in (selected, probability) if isinstance(column, str)]
    DesignError.refuse(
        Problem("follow_up names an unknown column", in_column(column), "a column of the waves")
        for column in named
        if column not in panel.long.columns
    )
    drawn = np.nan_to_num(np.asarray(panel.values(selected, t), float)).astype(bool)
    chosen = drawn & panel.sample.active
    if isinstance(probability, str):
        prob = panel.values(probability, t)
    else:
        prob = np.full(panel.n, float(probability))
    bad = chosen & ~((prob > 0) & (prob <= 1))
    if bad.any() or not chosen.any():
        raise DesignError(
            Problem(
                what="the subsample for tracing is not usable",
                where=worded(
                    "wave {time}, columns '{selected}' and '{probability}'",
                    {"time": t, "selected": selected, "probability": probability},
                ),
                expected="some True, each with a probability in (0, 1]",
                got=worded("{chosen} selected", {"chosen": int(chosen.sum())}),
            ).in_rows(panel.sample.frame[panel.unit].to_numpy()[bad])
        )
    return chosen, prob


def refreshment_mask(values: pd.Series) -> Bool:
    """(rows,) True where a column says that the row belongs to a refreshment sample."""
    return np.asarray(values.astype("boolean").fillna(False).to_numpy(bool))
