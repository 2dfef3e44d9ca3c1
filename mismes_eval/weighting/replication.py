"""Totals in every replicate: every weight step redone, PSU x B and never n x B."""

from __future__ import annotations

from mismes_eval.errors import DesignError, Problem
from mismes_eval.numerics.influence import Block
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.design import SurveyDesign


def replicated_totals(design: SurveyDesign, block: Block) -> Float:
    """Weighted totals of a block's extended rows in each replicate, shape (B, D*k)."""
    replicates = design.replicates
    if replicates is None or design.steps:
        raise DesignError(Problem("the design has no replicate weights for these totals", fix="Make them with replicates()."))
    return replicates.factor.T @ block.basis_sums(design.base, design.psu, design.psus)
