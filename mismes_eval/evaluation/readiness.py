"""Is a run ready: everything that is missing or wrong in its params and data, found in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from mismes_eval import frame as frames
from mismes_eval import inventory as inventories
from mismes_eval import lfs
from mismes_eval.errors import MismesError, Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.survey import survey
from mismes_eval.evaluation.tracer_study import TREATED, Tracing, tracing
from mismes_eval.frame.strange_cells import strange_cells, strange_weights
from mismes_eval.weighting.sample import Sample

KINDS = (
    ("labour force survey", ("lfs",)),
    ("tracer study", ("tracer_person", "tracer_wave", "tracer_outcome")),
    ("inventory of measures", ("inventory",)),
    ("control totals", ("margins",)),
)


@dataclass(frozen=True)
class Readiness:
    """problems: what stops the run; supplied, absent: kinds of evidence; lines: one sentence on
    what was read.

    codebook : every column of the survey after the mapping, with rows and weighted counts of its
        values; None without a survey that can be read.
    """

    problems: tuple[Problem, ...]
    supplied: tuple[str, ...]
    absent: tuple[str, ...]
    lines: tuple[str, ...]
    codebook: pd.DataFrame | None = None


def readiness(params: Params) -> Readiness:
    """Read and weight everything that the params name, and gather every problem of every kind of
    evidence.
    """
    problems: list[Problem] = []
    lines: list[str] = []
    books: list[pd.DataFrame] = []

    def read_survey(p: Params) -> str | None:
        s = survey(p)
        if s is None:
            return None
        mapped = [c for c in s.sample.frame.columns if not str(c).startswith("_")]
        problems.extend(_design_left_out(p, s.delivered.frame))
        lines.extend(_strange_lines(s.delivered, p.design.strata))
        lines.extend(_linked_lines(p, s.delivered.frame))
        books.append(lfs.codebook(s.sample.frame[mapped], p.design.weights))
        return (
            f"{len(s.sample.frame):,} persons, sum of weights {float(s.sample.weights.sum()):,.0f};"
            f" {s.sample.design.describe()}"
        )

    def tried(what: str, read: Callable[[Params], str | None]) -> None:
        try:
            line = read(params)
        except MismesError as error:
            problems.extend(error.problems)
            return
        if line is not None:
            lines.append(f"{what}: {line}")

    tried("labour force survey", read_survey)

    def read_tracer(p: Params) -> str | None:
        t = tracing(p)
        if t is None:
            return None
        problems.extend(_arms_alone(t) + _no_outcome(p, t))
        lines.extend(_panel_lines(t))
        return (
            f"{t.panel.n:,} persons, waves {', '.join(map(str, t.panel.waves))}; measures"
            f" {', '.join(map(str, t.measures)) or 'none'}"
        )

    tried("tracer study", read_tracer)
    tried("inventory", _inventory)
    for name in ("targets", "truth"):
        tried(name, partial(_rows, name))
    supplied = tuple(kind for kind, keys in KINDS if len(params.inputs.named(keys)) == len(keys))
    if not supplied and not problems:
        problems.append(
            Problem(
                "no evidence is named",
                f"{params.source}, section 'inputs'",
                "at least one of lfs, the tracer's person, wave and outcome files, inventory",
                fix="Fill a template in data_raw/ and name it.",
            )
        )
    return Readiness(
        tuple(problems),
        supplied,
        tuple(kind for kind, _ in KINDS if kind not in supplied),
        tuple(lines),
        books[0] if books else None,
    )


def _design_left_out(params: Params, frame: pd.DataFrame) -> list[Problem]:
    """The file says how it was drawn and the params do not: standard errors would be those of
    independent persons.
    """
    said = any(
        k in params.given
        for k in (
            "design.strata",
            "design.psu",
            "design.household",
            "design.cluster_deff",
            "inputs.listing",
        )
    )
    there = [c for c in ("strata", "psu") if c in frame.columns and frame[c].notna().any()]
    if said or not there:
        return []
    mend = ", ".join(f"{c}: [{c}]" for c in there) + ("" if "psu" in there else ", household: hhid")
    why = (
        "Without them every person counts as drawn alone, and standard errors come out too small; a"
        " file without PSUs takes household or cluster_deff."
    )
    got = f"{' and '.join(there)} in the file, nothing in the params"
    return [
        Problem(
            "the params leave out how the sample was drawn",
            f"{params.source}, section 'design'",
            "the columns of the design",
            got,
            f"design: {{{mend}}}. {why}",
        )
    ]


def _arms_alone(study: Tracing) -> list[Problem]:
    """Measures that have one arm only: no effect can be estimated."""
    found = []
    for measure in study.measures:
        inside = study.of(measure).sample
        arm = inside.frame.loc[inside.domain, TREATED]
        treated, comparison = int((arm == 1).sum()), int((arm == 0).sum())
        if not (treated and comparison):
            mend = (
                "Write the measure's id for persons of arm C too, or name another column that"
                f" does: tracer.measure (now '{study.measure}')."
            )
            got = f"{treated:,} treated and {comparison:,} comparison persons"
            found.append(
                Problem(
                    "a measure has one arm only",
                    f"{study.source}, column '{study.measure}', measure {measure}",
                    "persons of both arms",
                    got,
                    mend,
                )
            )
    return found


def _strange_lines(sample: Sample, strata: Sequence[str]) -> list[str]:
    """What looks wrong in the survey's cells and weights and may yet be right."""
    frame, weights = sample.frame, sample.design.base
    own = frame[[c for c in frame.columns if not str(c).startswith("_")]]
    stratum = frame[strata[0]] if strata and strata[0] in frame.columns else None
    found = (*strange_weights(weights, stratum), *strange_cells(own, weights))
    return [f"labour force survey: {sentence}" for sentence in found]


COST_ITEMS = tuple(
    f"mig_rec_cost_{item}"
    for item in ("visa", "agency", "travel", "training", "docs", "medical", "informal", "other")
)


def _linked_lines(params: Params, frame: pd.DataFrame) -> list[str]:
    """Answers of the survey that contradict their sum, or name a measure that the inventory lacks."""
    lines = []
    items = [c for c in COST_ITEMS if c in frame.columns]
    if items and "mig_rec_cost_total" in frame.columns:
        parts = frame[items].apply(pd.to_numeric, errors="coerce").sum(axis=1)
        total = pd.to_numeric(frame["mig_rec_cost_total"], errors="coerce")
        beyond = int((parts > total * 1.001).sum())
        if beyond:
            lines.append(
                f"labour force survey: {beyond:,} persons name items of recruitment cost that add to"
                " more than their total (mig_rec_cost_total)"
            )
    path = params.inputs.inventory
    if path is not None and "msm_measure_id" in frame.columns:
        known = inventories.read(path).frame["measure_id"].astype(str)
        named = frame["msm_measure_id"].dropna().astype(str).str.split(";").explode().str.strip()
        strange = named[(named != "") & ~named.isin(set(known))]
        if len(strange):
            some = ", ".join(strange.unique()[:5])
            lines.append(
                f"labour force survey: {len(strange):,} answers name a measure that the inventory"
                f" lacks (msm_measure_id: {some})"
            )
    return lines


def _edit_lines(study: Tracing) -> list[str]:
    """The edit report of the tracer study, counted: whose rows they are stays in the office."""
    counts = study.panel.edit_counts()
    found = counts[counts["count"] > 0]
    if found.empty:
        return [f"tracer study: edit report: {len(counts)} rules checked, nothing found"]
    head = (
        f"tracer study: edit report: {len(found)} of {len(counts)} rules found something; the ids"
        " are in evaluation.tracing.panel.edits (notebook 05), which stays in the office:"
    )
    each = [
        f"  {rule}, {column}: {count:,} persons ({meaning})"
        for rule, column, meaning, count in found.itertuples(index=False, name=None)
    ]
    return [head, *each]


def _panel_lines(study: Tracing) -> list[str]:
    """What the panel's waves hold that the reader of a rate must know."""
    lines = _edit_lines(study)
    only = study.panel.interviews_only
    if not only:
        return lines
    silent = [int((study.panel.groups[:, study.panel.waves.index(w)] < 0).sum()) for w in only]
    each = ", ".join(f"wave {w}: {n:,}" for w, n in zip(only, silent, strict=True))
    return [
        *lines,
        "tracer study: the file looks like interviews only: every row is an interview, and enrolled"
        f" persons have none ({each}). They count as not contacted; refusal, cooperation and contact"
        " are not known. Give everybody a row with a disposition: 0.1 pending, 0.2 not fielded in"
        " this wave, 2.1 refusal, 2.2 non-contact and the others of the code list.",
    ]


def _no_outcome(params: Params, study: Tracing) -> list[Problem]:
    """The headline's outcome is in no file of the tracer study."""
    outcome, long = params.impact.main_outcome, study.panel.long
    if outcome in long.columns or outcome in study.panel.sample.frame.columns:
        return []
    there = [
        str(c)
        for c in long.columns
        if pd.api.types.is_numeric_dtype(long[c]) and c not in (study.panel.unit, study.panel.wave)
    ]
    mend = (
        "Name a column of the outcome file in impact.main_outcome and impact.outcomes; numbers"
        f" there: {', '.join(there)}."
    )
    return [
        Problem(
            "the outcome of the headline is not in the data",
            f"{params.source}, key 'impact.main_outcome'",
            "a column of tracer_outcome",
            outcome,
            mend,
        )
    ]


def _inventory(params: Params) -> str | None:
    path = params.inputs.inventory
    return None if path is None else f"{len(inventories.read(path).frame)} measures"


def _rows(name: str, params: Params) -> str | None:
    path = params.inputs.named((name,)).get(name)
    return None if path is None else f"{len(frames.read(path).frame)} rows"
