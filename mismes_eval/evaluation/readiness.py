"""Is a run ready: everything that is missing or wrong in its params and data, found in one go by the
code that the report reads with.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import Problem
from mismes_eval.evaluation.demands import panel_lines
from mismes_eval.evaluation.evaluation import Evaluation, gather
from mismes_eval.evaluation.params import Params

KINDS = (
    ("labour force survey", ("lfs",)),
    ("tracer study", ("tracer_person", "tracer_wave", "tracer_outcome")),
    ("inventory of measures", ("inventory",)),
    ("impact study", ("study",)),
    ("roll-out over regions", ("lfs_rounds",)),
    ("control totals", ("margins",)),
)


@dataclass(frozen=True)
class Readiness:
    """problems: what stops the run; supplied, absent: kinds of evidence; lines: one sentence on
    what was read. evaluation: the evidence, where nothing stops the run.

    codebook : every column of the survey after the mapping, with rows and weighted counts of its
        values; None without a survey that can be read.
    """

    problems: tuple[Problem, ...]
    supplied: tuple[str, ...]
    absent: tuple[str, ...]
    lines: tuple[str, ...]
    codebook: pd.DataFrame | None = None
    evaluation: Evaluation | None = None


def readiness(params: Params) -> Readiness:
    """Read and weight everything that the params name, and gather every problem of every kind of
    evidence.
    """
    found, problems = gather(params)
    kinds = dict(KINDS)
    supplied = tuple(k for k, v in kinds.items() if len(params.inputs.named(v)) == len(v))
    return Readiness(
        problems=tuple(problems),
        supplied=supplied,
        absent=tuple(kind for kind in kinds if kind not in supplied),
        lines=tuple(_lines(found)),
        codebook=_codebook(params, found),
        evaluation=None if problems else found,
    )


def _codebook(params: Params, found: Evaluation) -> pd.DataFrame | None:
    if found.survey is None:
        return None
    frame = found.survey.sample.frame
    mapped = [c for c in frame.columns if not str(c).startswith("_")]
    return lfs.codebook(frame[mapped], params.design.weights)


def _lines(found: Evaluation) -> list[str]:
    """One sentence on each kind of evidence that could be read."""
    lines = []
    if found.survey is not None:
        s = found.survey.sample
        lines.append(
            f"labour force survey: {len(s.frame):,} persons, sum of weights"
            f" {float(s.weights.sum()):,.0f}; {s.design.describe()}"
        )
    if found.tracing is not None:
        t = found.tracing
        waves, measures = ", ".join(map(str, t.panel.waves)), ", ".join(map(str, t.measures))
        lines.append(
            f"tracer study: {t.panel.n:,} persons, waves {waves}; measures {measures or 'none'}"
        )
        lines += panel_lines(t)
    if found.inventory is not None:
        lines.append(f"inventory: {len(found.inventory.frame)} measures")
    if found.study is not None:
        lines.append(f"impact study: {found.study.sample.n:,} units in {found.study.source}")
    if found.rollout is not None:
        lines.append(f"roll-out over regions: {found.rollout.regions} regions")
    for name, table in (("targets", found.targets), ("truth", found.truth)):
        if table is not None:
            lines.append(f"{name}: {len(table)} rows")
    return lines
