"""Keys that a params file gives and that nothing can use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from mismes_eval.errors import Problem, worded
from mismes_eval.evaluation.params import BY_NAME, Params, of_known

# a section, or a key, and the inputs of which one must be supplied for it to act on anything
ACTS_ON: Mapping[str, tuple[str, ...]] = {
    "reading": ("lfs",),
    "mapping": ("lfs",),
    "definitions": ("lfs",),
    "design": ("lfs", "lfs_rounds"),
    "design.fpc": ("lfs",),
    "design.phase2_prob": ("listing",),
    "design.phase1_class": ("listing",),
    "indicators": ("lfs",),
    "calibration": ("lfs",),
    "calibration.bounds": ("margins",),
    "tracer": ("tracer_person",),
    "impact": ("tracer_person",),
    "impact.seed": ("tracer_person", "lfs_rounds"),
    "study": ("study",),
    "lottery": ("study",),
    "rollout": ("lfs_rounds",),
    "designs": ("tracer_person",),
    "designs.beside_survey": ("lfs",),
    "designs.traits": ("lfs",),
    "designs.residents": ("lfs",),
    "designs.residents_before": ("lfs",),
    "designs.round_before": ("lfs_rounds",),
    "designs.first_job": ("tracer_episode",),
    "theory_of_change": ("tracer_person", "lfs_rounds", "study"),
    "cost": ("tracer_service",),
    "breaks": ("lfs", "lfs_rounds"),
    "breaks.acknowledge": ("lfs_rounds",),
    "inputs.absent": ("lfs",),
    "inputs.listing": ("lfs",),
    "inputs.margins": ("lfs",),
    "inputs.targets": ("lfs",),
    "inputs.tracer_wave": ("tracer_person",),
    "inputs.tracer_outcome": ("tracer_person",),
    "inputs.tracer_service": ("tracer_person",),
    "inputs.tracer_episode": ("tracer_person",),
    "inputs.inventory_contacts": ("inventory",),
    "inputs.inventory_decisions": ("inventory",),
    "inputs.analysis_plan": ("tracer_person", "lfs_rounds", "study"),
}


def idle(params: Params) -> list[Problem]:
    """Keys that the file gives and that nothing can use: what they act on is not supplied, or what
    they say needs another key beside it.
    """
    acting = (partial(_acts_on, params, name) for name in BY_NAME if name in params.given)
    alone = (partial(_alone, params, *said) for said in ALONE if said[0] in params.given)
    return of_known((*acting, *alone))


def _acts_on(params: Params, name: str) -> list[Problem]:
    files = ACTS_ON.get(name) or ACTS_ON.get(BY_NAME[name].section, ())
    if not files or params.inputs.named(files):
        return []
    needed = " or ".join(f"inputs.{f}" for f in files)
    return [
        Problem(
            what="a key has nothing to act on",
            where=params.where(name),
            expected=needed,
            got=worded("no such file"),
            fix="Name the file, or take the key out.",
        )
    ]


def _alone(
    params: Params, name: str, idles: Callable[[Params], bool], expected: str, got: str
) -> list[Problem]:
    if not idles(params):
        return []
    what = "a key has nothing to act on"
    where = params.where(name)
    return [Problem(what, where, expected, worded(got), fix="Take the key out.")]


def _adjusted(p: Params) -> bool:
    return p.calibration.method != "none"


def _in_euro(p: Params) -> bool:
    return p.cost.currency == "EUR"


OF_RESIDENTS = ("traits", "residents", "residents_before", "round_before")
# a key, when it says nothing without another one or beside it, what it needs, what is there instead
ALONE: tuple[tuple[str, Callable[[Params], bool], str, str], ...] = (
    (
        "calibration.method",
        lambda p: (
            p.inputs.lfs is not None
            and p.inputs.margins is None
            and p.calibration.cell is None
            and _adjusted(p)
        ),
        "inputs.margins or calibration.cell",
        "neither",
    ),
    (
        "calibration.bounds",
        lambda p: not _adjusted(p),
        "a method that adjusts weights",
        "none",
    ),
    (
        "calibration.cell",
        lambda p: not _adjusted(p) and p.inputs.margins is not None,
        "a method that adjusts weights",
        "none",
    ),
    ("calibration.total", lambda p: p.calibration.cell is None, "calibration.cell", "nothing"),
    (
        "calibration.cell",
        lambda p: p.calibration.cell is not None and p.inputs.margins is not None and _adjusted(p),
        "one of calibration.cell and inputs.margins",
        "both",
    ),
    ("design.nest", lambda p: not p.design.psu, "design.psu", "nothing"),
    (
        "design.cluster_deff",
        lambda p: bool(p.design.psu) or p.design.household is not None,
        "neither design.psu nor design.household",
        "one of them",
    ),
    *(
        (
            f"designs.{name}",
            lambda p: not p.designs.beside_survey,
            "designs.beside_survey",
            "nothing",
        )
        for name in OF_RESIDENTS
    ),
    (
        "designs.round_before",
        lambda p: p.designs.residents_before is not None,
        "one of it and designs.residents_before",
        "both",
    ),
    ("designs.dose_degree", lambda p: not p.designs.dose, "designs.dose", "nothing"),
    ("designs.imputations", lambda p: not p.designs.imputed, "designs.imputed", "nothing"),
    ("study.covariates", lambda p: not p.study.before, "study.before", "nothing"),
    (
        "inputs.rates",
        lambda p: p.inputs.lfs is not None and p.year is None and p.cost.price_year is None,
        "year, of which the rates are taken",
        "nothing",
    ),
    (
        "inputs.rates",
        lambda p: p.inputs.lfs is None and (p.inputs.tracer_service is None or _in_euro(p)),
        "inputs.lfs, or inputs.tracer_service and a cost.currency other than the euro",
        "neither",
    ),
    (
        "cost.price_year",
        _in_euro,
        "a cost.currency other than the euro",
        "EUR",
    ),
)
