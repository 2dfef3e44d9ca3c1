"""Is a run ready: everything that is missing or wrong in its params and data, found in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from mismes_eval import frame as frames
from mismes_eval import inventory as inventories
from mismes_eval import lfs
from mismes_eval.errors import MismesError, Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.survey import survey
from mismes_eval.evaluation.tracing import tracing

KINDS = (
    ("labour force survey", ("inputs.lfs",)),
    ("tracer study", ("inputs.tracer_person", "inputs.tracer_wave", "inputs.tracer_outcome")),
    ("inventory of measures", ("inputs.inventory",)),
    ("control totals", ("inputs.margins",)),
)


@dataclass(frozen=True)
class Readiness:
    """problems: what stops the run; supplied, absent: kinds of evidence; lines: one sentence on what was read.

    codebook : every column of the survey after the mapping, with rows and weighted counts of its values; None without a survey that can be read.
    """

    problems: tuple[Problem, ...]
    supplied: tuple[str, ...]
    absent: tuple[str, ...]
    lines: tuple[str, ...]
    codebook: pd.DataFrame | None = None


def readiness(params: Params) -> Readiness:
    """Read and weight everything that the params name, and gather every problem of every kind of evidence."""
    problems: list[Problem] = []
    lines: list[str] = []
    books: list[pd.DataFrame] = []

    def read_survey(p: Params) -> str | None:
        s = survey(p)
        if s is None:
            return None
        mapped = [c for c in s.sample.frame.columns if not str(c).startswith("_")]
        problems.extend(_design_left_out(p, s.delivered.frame))
        books.append(lfs.codebook(s.sample.frame[mapped], p.text("design.weights") or "weight"))
        return f"{len(s.sample.frame):,} persons, sum of weights {float(s.sample.weights.sum()):,.0f}; {s.sample.design.describe()}"

    def tried(what: str, read: Callable[[Params], str | None]) -> None:
        try:
            line = read(params)
        except MismesError as error:
            problems.extend(error.problems)
            return
        if line is not None:
            lines.append(f"{what}: {line}")

    tried("labour force survey", read_survey)
    tried("tracer study", _tracing)
    tried("inventory", _inventory)
    for key in ("inputs.targets", "inputs.truth"):
        tried(key.removeprefix("inputs."), lambda p, k=key: _rows(p, k))  # type: ignore[misc]
    supplied = tuple(kind for kind, keys in KINDS if all(params.path(k) is not None for k in keys))
    if not supplied and not problems:
        problems.append(
            Problem(
                "no evidence is named",
                f"{params.source}, section 'inputs'",
                "at least one of lfs, the tracer's person, wave and outcome files, inventory",
                fix="Fill a template in data_raw/ and name it.",
            )
        )
    return Readiness(tuple(problems), supplied, tuple(kind for kind, _ in KINDS if kind not in supplied), tuple(lines), books[0] if books else None)


def _design_left_out(params: Params, frame: pd.DataFrame) -> list[Problem]:
    """The file says how it was drawn and the params do not: standard errors would be those of independent persons."""
    said = any(k in params.given for k in ("design.strata", "design.psu", "design.household", "design.cluster_deff", "inputs.listing"))
    there = [c for c in ("strata", "psu") if c in frame.columns and frame[c].notna().any()]
    if said or not there:
        return []
    mend = ", ".join(f"{c}: [{c}]" for c in there) + ("" if "psu" in there else ", household: hhid")
    why = "Without them every person counts as drawn alone, and standard errors come out too small; a file without PSUs takes household or cluster_deff."
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


def _tracing(params: Params) -> str | None:
    t = tracing(params)
    return None if t is None else f"measures {', '.join(map(str, t.measures))}"


def _inventory(params: Params) -> str | None:
    path = params.path("inputs.inventory")
    return None if path is None else f"{len(inventories.read(path).frame)} measures"


def _rows(params: Params, key: str) -> str | None:
    path = params.path(key)
    return None if path is None else f"{len(frames.read(path).frame)} rows"
