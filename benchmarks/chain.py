"""What standard errors would be if the final weight were taken as given: the five made-up
countries, levels and effects, beside the whole chain of weight steps.

Run: python benchmarks/chain.py. One line a number: its standard error through all steps, the one
with the final weight as the base weight, and their ratio. Morocco's survey is left out:
its weights are made on the listed persons of the first phase, who are not the rows of the file.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

import mismes_eval as me
from mismes_eval.errors import MismesWarning
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.evaluation import Evaluation, evaluate
from mismes_eval.evaluation.params import Params
from mismes_eval.weighting.design import SurveyDesign

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("ARM", "GEO", "MAR", "MDA", "TUN")


def as_given(design: SurveyDesign) -> SurveyDesign:
    """The design whose base weight is the final one."""
    return replace(design, base=design.weights, steps=())


def levels(e: Evaluation) -> Iterator[tuple[str, float, float]]:
    """Number and share of employed persons: name, standard error of the chain and with the weight
    as given.
    """
    if e.survey is None or e.survey.sample.design.base.size != e.survey.sample.n:
        return
    sample = e.survey.sample.with_columns(
        {"employed": (e.survey.sample.frame["lstatus"] == 1).astype(float)}
    )
    known = replace(sample, design=as_given(sample.design))
    yield (
        "number of employed",
        float(me.total(sample, "employed").se[0]),
        float(me.total(known, "employed").se[0]),
    )
    yield (
        "share of employed",
        float(me.mean(sample, "employed").se[0]),
        float(me.mean(known, "employed").se[0]),
    )


def effects(e: Evaluation) -> Iterator[tuple[str, float, float]]:
    """The headline effect of each measure."""
    key = (e.params.impact.main_outcome, e.params.impact.main_wave)
    for effect in e.effects:
        main = effect.by_wave[key]
        if isinstance(main, Estimate) and main.parts[0].influence is not None:
            part = main.parts[0]
            yield (
                f"effect of {effect.measure}",
                float(main.se[0]),
                float(np.sqrt(as_given(part.design).vcov(part.influence)[0, 0])),
            )


def main() -> None:
    warnings.simplefilter("ignore", MismesWarning)
    for name in NAMES:
        e = evaluate(Params.load(ROOT / "params" / f"{name}.yaml"))
        for what, chain, given in (*levels(e), *effects(e)):
            sys.stdout.write(
                f"{name}  {what:<20} chain {chain:12.5g}   as given {given:12.5g}   ratio {given / chain:6.3f}\n"
            )


if __name__ == "__main__":
    main()
