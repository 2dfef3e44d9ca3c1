"""Non-probability samples (snowball, web): pseudo-weights against a probability reference sample,
flagged wherever they are used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    DesignError,
    Problem,
    in_column,
    in_place,
    kind_of,
    of_argument,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.frames import stack_samples
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.steps import PseudoWeight

FLAG = (
    "Non-probability sample: pseudo-weights assume that the covariates explain who was reached; no"
    " design guarantees the interval."
)


def pseudo_weights(
    frame: pd.DataFrame, reference: Sample, covariates: str | Sequence[str], psu: str | None = None
) -> Sample:
    """Weights for a sample that nobody drew with known probabilities: the inverse odds of being in
    it rather than in the reference population.

    Parameters
    ----------
    frame : rows of the non-probability sample.
    psu : its recruitment chain or site, the cluster of its variance (None: independent rows).
    reference : probability sample of the same population with the same covariate columns (narrow it
        with `where` to that population first).
    covariates : columns known in both.

    Returns
    -------
    Sample of both, with the reference rows at weight 0 and column 'source_sample' "nonprob" or
    "reference"; its flags mark every table.

    References
    ----------
    Elliott and Valliant (2017), Statistical Science 32, 249-264.
    """
    needs_sample(reference, "pseudo_weights (argument 'reference')")
    if not isinstance(frame, pd.DataFrame):
        raise DesignError(
            Problem(
                "pseudo_weights reads volunteers from a frame",
                of_argument("frame"),
                "a pandas DataFrame",
                kind_of(frame),
            )
        )
    columns = list(as_names(covariates, "covariates"))
    if not columns:
        raise DesignError(
            Problem(
                "pseudo_weights has no covariate",
                of_argument("covariates"),
                "columns that explain who was reached, known in both samples",
            )
        )
    problems = [
        Problem(
            "pseudo_weights names an unknown column",
            in_place(where, in_column(column)),
            "a column of both samples",
        )
        for where, source in (("frame", frame), ("reference", reference.frame))
        for column in columns
        if column not in source.columns
    ]
    problems += [
        Problem(
            what="a covariate is missing",
            where=in_place(where, in_column(column)),
            expected="a value in every row",
            got=worded("missing"),
            fix="Make missing a category.",
            count=int(source[column].isna().sum()),
        )
        for where, source in (("frame", frame), ("reference", reference.frame[reference.active]))
        for column in columns
        if column in source.columns and source[column].isna().any()
    ]
    DesignError.refuse(problems)
    volunteers = Sample.from_frame(
        frame.assign(_one=1.0), weights="_one", psu=psu, lonely_psu=reference.design.lonely
    )
    joined = stack_samples([volunteers, reference], labels=["nonprob", "reference"])
    r = (joined.frame["source_sample"] == "nonprob").to_numpy(float)
    at_risk = (joined.weights != 0) & joined.domain
    x, names = named_effects(joined.frame, columns, at_risk)
    try:
        fit = fit_logit(x.values[at_risk], r[at_risk], joined.weights[at_risk])
    except Separation as error:
        raise DesignError(
            Problem(
                what="the covariates tell the two samples apart completely",
                where=", ".join(columns),
                expected="overlap",
                got=error.named(names),
                fix="Merge categories or drop a covariate.",
            )
        ) from error
    p = np.ones(r.size)
    p[at_risk] = fit.p
    step = PseudoWeight(
        name=Message(
            "pseudo-weight by inverse odds on {columns}", {"columns": ", ".join(columns)}, "step"
        ),
        x=x,
        r=np.where(at_risk, r, 0.0),
        p=p,
        before=joined.weights,
    )
    return joined.step(step).flagged(FLAG)
