"""Weights, tracer panels and impact on one variance engine.

`import mismes_eval as me` gives the verbs of the package as a flat language; each is loaded when it
is first used, so that the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import FunctionType

try:
    __version__ = version("mismes-eval")
except PackageNotFoundError:
    __version__ = "0+source"

_WHERE: dict[str, tuple[str, ...]] = {
    "errors": (
        "MismesError",
        "MismesWarning",
        "InputError",
        "ParamsError",
        "DesignError",
        "CalibrationError",
        "EstimateError",
        "IdentificationError",
        "DisclosureError",
        "ReportError",
    ),
    "weighting.sample": ("Sample",),
    "weighting.resampling": ("ReplicateWeights", "replicates"),
    "weighting.calibrate": ("calibrate", "feasibility", "poststratify", "tightest_bounds"),
    "weighting.nonresponse": ("nonresponse",),
    "weighting.trim": ("trim",),
    "weighting.balancing": ("balance_weights",),
    "weighting.phases": ("two_phase", "weight_share"),
    "weighting.frames": ("combine_frames", "stack_samples"),
    "weighting.pseudo": ("pseudo_weights",),
    "weighting.diagnostics": (
        "kish_deff",
        "margins_before_after",
        "provenance",
        "weight_diagnostics",
    ),
    "weighting.planning": (
        "best_ratio",
        "compare_plans",
        "plan_allocation",
        "plan_precision",
        "sample_size_for_rate",
    ),
    "estimate.estimate": ("Estimate", "NotEstimable"),
    "estimate.joint": ("independent", "stack"),
    "estimate.totals": ("mean", "proportion", "ratio", "total"),
    "estimate.quantile": ("quantile",),
    "estimate.regression": ("logit", "ols", "poisson"),
    "estimate.from_fit": ("from_fit",),
    "estimate.hypothesis": ("wald",),
    "estimate.association": ("rao_scott", "variance"),
    "estimate.decomposition": ("adjusted_gap", "oaxaca_blinder", "reweighted_gap"),
    "estimate.survival": ("cumulative_incidence", "survival"),
    "estimate.restricted_mean": ("rmst",),
    "estimate.duration_quantile": ("duration_quantile",),
    "tracer": (
        "TracerPanel",
        "attrition_tests",
        "attrition_weights",
        "calendar",
        "episodes",
        "transitions",
    ),
    "impact.did.two_by_two": ("att_2x2",),
    "impact.did.group_time": ("GroupTime", "att_gt"),
    "impact.did.bands": ("sup_t",),
    "impact.regression.fixed_effects": ("sun_abraham", "two_way"),
    "impact.regression.imputation": ("imputation",),
    "impact.trials.itt": ("itt",),
    "impact.trials.late": ("late",),
    "impact.regression.panel_ols": ("panel_ols",),
    "impact.regression.bacon": ("bacon",),
    "impact.did.triple": ("triple_difference",),
    "impact.did.composition": ("composition_check",),
    "impact.bounds.lee": ("lee_bounds",),
    "impact.bounds.manski": ("delta_sensitivity", "manski_bounds"),
    "impact.bounds.partial_identification": ("imbens_manski",),
    "impact.inference.wild_bootstrap": ("wild_bootstrap", "wild_bootstrap_ols"),
    "impact.inference.randomisation": ("randomisation_test",),
    "impact.inference.multiple_testing": ("adjust_pvalues",),
    "impact.did.heterogeneity": ("by_group",),
    "impact.sensitivity.honest": ("honest_did",),
    "impact.sensitivity.pretrend_power": ("pretrend_power",),
    "impact.sensitivity.placebo": ("placebo_dates", "placebo_groups", "placebo_outcomes"),
    "impact.sensitivity.robustness": ("donut", "leave_one_out", "robustness"),
    "impact.sensitivity.oster": ("oster",),
    "impact.sensitivity.recall": ("recall_sensitivity",),
    "impact.planning.power": ("minimum_detectable_effect", "sample_size"),
    "impact.planning.cost": ("cost_effectiveness",),
    "impact.planning.meta_analysis": ("RandomEffects", "random_effects"),
    "evaluation.params": ("Params",),
    "evaluation.evaluation": ("Evaluation", "evaluate"),
    "evaluation.coverage": ("concentration", "coverage", "leakage", "targeting"),
    "report.session": ("Session",),
    "report.country": ("country_report",),
    "report.side_by_side": ("SideBySide", "table"),
    "report.synthesis.synthesis": ("Synthesis", "synthesis"),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}
_HOME |= {"open_report": "report.session"}
_RENAMED = {"open_report": "open"}
# Over a domain without rows these give NotEstimable.
_ANSWERED = (
    "total",
    "mean",
    "proportion",
    "ratio",
    "quantile",
    "variance",
    "ols",
    "logit",
    "poisson",
    "survival",
    "cumulative_incidence",
    *_WHERE["estimate.decomposition"],
)
_VERBS = ("estimate", "tracer", "impact", "evaluation.coverage")
_FLOORS = ("frame", "inventory", "lfs", "tracer", "synthetic", "report", "impact")

__all__ = ["__version__", *_HOME]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), _RENAMED.get(name, name))
        if isinstance(value, FunctionType) and _HOME[name].startswith(_VERBS):
            value = import_module(f"{__name__}.estimate.verbs").verb(value, name in _ANSWERED)
        globals()[name] = value
        return value
    if name in _FLOORS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"mismes_eval has no '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, *_FLOORS])
