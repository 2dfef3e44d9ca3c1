"""From an empty params file to a report: what is done, what is missing, and how to mend it, in the
order in which one would go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mismes_eval.errors import Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.message import Message

State = Literal["done", "todo", "optional"]


@dataclass(frozen=True)
class Step:
    """One line of the checklist; mend: what to do where it is not done."""

    what: str
    state: State
    mend: str = ""


EVIDENCE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "labour force survey": (
        ("lfs",),
        "{folder}lfs_person.xlsx, or your own file with mapping.workbook (mapping.xlsx) or mapping.name",
    ),
    "tracer study": (
        ("tracer_person", "tracer_wave", "tracer_outcome"),
        "{folder}tracer_person.xlsx, tracer_wave.xlsx and tracer_outcome.xlsx",
    ),
    "inventory of measures": (("inventory",), "{folder}inventory.xlsx"),
    "impact study": (
        ("study",),
        "the study's own file in {folder}, and describe it in section study",
    ),
    "roll-out over regions": (
        ("lfs_rounds",),
        "the rounds in one file in {folder}, and describe them in section rollout",
    ),
}


NO_DESIGN = "Name tracer.strata and tracer.psu, or persons count as drawn independently."
SEX_ALONE = (
    "Name in tracer.attrition_covariates and impact.covariates what your file knows of enrolment"
    " (age, education, work); the default is sex alone."
)
NO_YEAR = "Set year; tables and exchange rates refer to it."
NO_SAMPLING = (
    "Name design.strata and design.psu (or design.household); else design.cluster_deff from the"
    " office's report."
)
NO_TOTALS = (
    "Name inputs.margins ({folder}margins.csv: margin, category, total, source), or say"
    " calibration.method: none."
)


def checklist(params: Params, problems: Sequence[Problem]) -> tuple[Step, ...]:
    """The steps of a run. One kind of evidence is enough for a report; the others are optional."""
    folder = f"data_raw/{params.country}/"
    named = {
        kind: len(params.inputs.named(keys)) == len(keys) for kind, (keys, _) in EVIDENCE.items()
    }
    begun = any(named.values())
    steps = [Step(Message("params are read: country {code}", {"code": params.country}), "done")]
    if not begun:
        steps.append(
            Step(
                "no evidence is named yet",
                "todo",
                "Name one of the files below in section 'inputs'.",
            )
        )
    for kind, (keys, template) in EVIDENCE.items():
        steps.append(_evidence(kind, named[kind], keys, template, folder))
    if named["labour force survey"]:
        steps += _survey(params, folder)
    if named["tracer study"]:
        both = {"tracer.attrition_covariates", "impact.covariates"} <= params.given
        steps += [
            _optional("tracer design", bool(params.tracer.strata or params.tracer.psu), NO_DESIGN),
            _optional("tracer covariates", both, SEX_ALONE),
        ]
    if begun:
        steps += [Step(problem.what, "todo", str(problem)) for problem in problems]
    read = "the data are read without a problem"
    if any(step.state == "todo" for step in steps):
        return (*steps, Step(read, "todo", "Mend what is open above, then check again."))
    return (*steps, Step(read, "done"))


def _optional(name: str, done: bool, mend: str) -> Step:
    """A step that is done, or may be, and how."""
    return Step(name, "done") if done else Step(name, "optional", mend)


def _evidence(kind: str, named: bool, keys: Sequence[str], file: str, folder: str) -> Step:
    if named:
        return Step(Message("{kind} is named", {"kind": Message(kind)}), "done")
    values = {
        "file": Message(file, {"folder": folder}),
        "keys": ", ".join(f"inputs.{key}" for key in keys),
    }
    return Step(kind, "optional", Message("Fill {file}; then name it: {keys}.", values))


def _survey(params: Params, folder: str) -> list[Step]:
    """What a survey needs before its standard errors are believed."""
    design = bool(
        params.design.strata
        or params.design.psu
        or params.design.household
        or params.inputs.listing
    )
    known = (
        params.inputs.margins is not None
        or params.calibration.method == "none"
        or params.calibration.cell is not None
    )
    return [
        _optional("reference year", "year" in params.given, NO_YEAR),
        _optional("sampling design", design, NO_SAMPLING),
        _optional("control totals", known, Message(NO_TOTALS, {"folder": folder})),
    ]
