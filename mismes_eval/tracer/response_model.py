"""A binary model of loss or response on the rows of a sample, with the influence of its
coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.numerics.averages import by_influence
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.probit import density, fit_probit, probit_information, probit_score
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.sample import Sample

LINKS = ("logit", "probit")


@dataclass(frozen=True)
class ResponseModel:
    """A binary model of the rows in the domain: x (n, q) zero outside, beta, p (n,), score by eta
    (n,), curvature (n,), log likelihood with weights of mean 1.
    """

    x: Float
    names: tuple[str, ...]
    beta: Float
    p: Float
    score: Float
    curvature: Float
    slope: Float
    loglik: float

    @classmethod
    def of(cls, sample: Sample, columns: Sequence[str], y: Float, link: str) -> ResponseModel:
        inside = sample.active
        x, names = design_matrix(sample, columns)
        w = sample.weights[inside]
        w = w / w.mean()
        try:
            fit = (
                fit_logit(x[inside], y[inside], w)
                if link == "logit"
                else fit_probit(x[inside], y[inside], w)
            )
        except Separation as error:
            raise EstimateError(
                Problem(
                    "the attrition model cannot be fitted",
                    ", ".join(columns) or "intercept",
                    "some lost and some not, covariates that are not collinear",
                    error.named(names),
                )
            ) from error
        eta = x @ fit.beta
        p = np.where(
            inside,
            np.clip(
                1 / (1 + np.exp(-eta)) if link == "logit" else stats.norm.cdf(eta),
                1e-300,
                1 - 1e-16,
            ),
            0.5,
        )
        loglik = float(w @ np.log(np.where(y[inside] == 1, p[inside], 1 - p[inside])))
        if link == "logit":
            score, curvature, slope = y - p, p * (1 - p), p * (1 - p)
        else:
            score = probit_score(eta, y)
            curvature = probit_information(eta)
            slope = density(eta)
        mask = inside.astype(float)
        return cls(
            x,
            names,
            fit.beta,
            np.where(inside, p, 0.0),
            score * mask,
            curvature * mask,
            slope * mask,
            loglik,
        )

    def influence(self, sample: Sample) -> Float:
        """(n, q) unweighted influence of beta."""
        information = self.x.T @ (self.x * (sample.weights * self.curvature)[:, None])
        out: Float = (self.x * self.score[:, None]) @ np.linalg.inv(information)
        return out

    def estimate(self, sample: Sample, definition: str) -> Estimate:
        w = sample.weights * sample.active
        classical = np.sqrt(
            np.diag(
                np.linalg.inv(
                    self.x.T @ (self.x * (w / w[sample.active].mean() * self.curvature)[:, None])
                )
            )
        )
        q = len(self.names)
        dof = np.full(q, sample.degf + 1 - q)
        of = Influence.of(self.influence(sample))
        return Estimate(
            value=self.beta,
            names=self.names,
            parts=(Part(sample.design, of, averages=by_influence(of)),),
            keys=pd.DataFrame({"variable": self.names}),
            n=np.full(q, float(sample.active.sum())),
            dof=dof,
            kind="coefficient",
            definition=definition,
            notes=sample.notes,
            extra={"classical_se": classical},
        )


def design_matrix(sample: Sample, columns: Sequence[str]) -> tuple[Float, tuple[str, ...]]:
    """(n, q) intercept and main effects, zero outside the domain, and their names."""
    x, names = named_effects(sample.frame, list(columns), sample.active)
    return x.values, names
