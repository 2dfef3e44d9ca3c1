"""Stratified multistage variance of totals, on unit totals only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mismes_eval.numerics.rows import Float, Int, group_sums

# deviations formed at a time, so that they stay in the cache, and for a product of matrices
_CACHED = 32_768
_TOGETHER = 8 * _CACHED
Lonely = Literal["adjust", "remove", "average", "certainty", "error"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One sampling stage.

    stratum : (m,) codes 0..H-1 of the stage's units (from the second stage on, a stratum lies
        inside one unit of the stage above).
    parent : (m,) unit of the stage above, zeros at the first stage.
    fraction : (H,) sampling fraction, 0 where the stage is with replacement.
    """

    stratum: Int
    parent: Int
    fraction: Float

    @property
    def strata(self) -> int:
        return int(self.fraction.size)


def stage_vcov(
    t: Float, stage: Stage, share: Float, lonely: Lonely, diagonal: bool = False
) -> Float:
    """Covariance (p, p) that one stage adds, or its diagonal (p,).

    t : (m, p) weighted totals of the stage's units.
    share : (H,) product of the sampling fractions of the stages above.
    A stratum with one unit: "adjust" takes its deviation from the mean of all units, "average"
    gives it the mean variance of the other strata, "remove" and "certainty" give it none (R survey
    4.5, lonely.psu).
    """
    if stage.strata == 1 and t.shape[0] > 1:
        scale = t.shape[0] / (t.shape[0] - 1) * (1 - stage.fraction[0]) * share[0]
        centre = t.mean(axis=0)
        step = max(1, _TOGETHER // max(t.shape[1], 1))
        blocks = (t[i : i + step] - centre for i in range(0, t.shape[0], step))
        products: Float = np.sum([_products(block, diagonal) for block in blocks], axis=0)
        return float(scale) * products
    m_h = np.bincount(stage.stratum, minlength=stage.strata)
    centre = group_sums(t, stage.stratum, stage.strata) / np.maximum(m_h, 1)[:, None]
    single = (m_h == 1) & (stage.fraction < 1)
    inflate = 1.0
    if single.any() and lonely == "adjust":
        centre[single] = t.mean(axis=0)
    elif single.any() and lonely == "average":
        inflate = m_h.size / max(int((~single).sum()), 1)
    scale = np.where(m_h > 1, m_h / np.maximum(m_h - 1, 1), 1.0) * (1 - stage.fraction) * share
    if lonely != "adjust":
        scale[single] = 0.0
    root = np.sqrt(scale)
    out: Float = np.zeros(t.shape[1] if diagonal else (t.shape[1], t.shape[1]))
    step = max(1, _CACHED // max(t.shape[1], 1)) if diagonal else t.shape[0]
    for i in range(0, t.shape[0], step):
        at = stage.stratum[i : i + step]
        deviation = centre[at]
        np.subtract(t[i : i + step], deviation, out=deviation)
        deviation *= root[at][:, None]
        out += _products(deviation, diagonal)
    return inflate * out


def _products(deviation: Float, diagonal: bool) -> Float:
    out: Float = (
        np.einsum("ij,ij->j", deviation, deviation) if diagonal else deviation.T @ deviation
    )
    return out


def multistage_vcov(
    t: Float, stages: tuple[Stage, ...], lonely: Lonely, diagonal: bool = False
) -> Float:
    """Covariance (p, p) of totals under multistage sampling, or its diagonal (p,); t (m, p) are the
    weighted totals of the last stage's units.

    Stages below the first one count only where the stage above has a sampling fraction (R survey:
    svyrecvar).
    """
    totals = [t]
    for stage, above in zip(stages[:0:-1], stages[-2::-1], strict=True):
        totals.append(group_sums(totals[-1], stage.parent, above.stratum.size))
    totals.reverse()
    v = np.zeros(t.shape[1] if diagonal else (t.shape[1], t.shape[1]))
    share = np.ones(stages[0].strata)
    for depth, stage in enumerate(stages):
        if depth:
            above = stages[depth - 1]
            unit_share = (share * above.fraction)[above.stratum]
            share = np.zeros(stage.strata)
            share[stage.stratum] = unit_share[stage.parent]
        if depth == 0 or share.any():
            v += stage_vcov(totals[depth], stage, share, lonely, diagonal)
    return v
