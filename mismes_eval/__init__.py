"""Weights, tracer panels and impact on one variance engine.

`import mismes_eval as me` gives the verbs of the package as a flat language; each is loaded when it
is first used, so that the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what editors and type checkers see; at run time each is loaded when it is used
    from mismes_eval import frame as frame
    from mismes_eval import impact as impact
    from mismes_eval import inventory as inventory
    from mismes_eval import lfs as lfs
    from mismes_eval import report as report
    from mismes_eval import synthetic as synthetic
    from mismes_eval import tracer as tracer
    from mismes_eval.errors import CalibrationError as CalibrationError
    from mismes_eval.errors import DesignError as DesignError
    from mismes_eval.errors import DisclosureError as DisclosureError
    from mismes_eval.errors import EstimateError as EstimateError
    from mismes_eval.errors import IdentificationError as IdentificationError
    from mismes_eval.errors import InputError as InputError
    from mismes_eval.errors import MismesError as MismesError
    from mismes_eval.errors import MismesWarning as MismesWarning
    from mismes_eval.errors import ParamsError as ParamsError
    from mismes_eval.errors import ReportError as ReportError
    from mismes_eval.estimate.association import rao_scott as rao_scott
    from mismes_eval.estimate.association import variance as variance
    from mismes_eval.estimate.decomposition import adjusted_gap as adjusted_gap
    from mismes_eval.estimate.decomposition import oaxaca_blinder as oaxaca_blinder
    from mismes_eval.estimate.decomposition import reweighted_gap as reweighted_gap
    from mismes_eval.estimate.duration_quantile import duration_quantile as duration_quantile
    from mismes_eval.estimate.estimate import Estimate as Estimate
    from mismes_eval.estimate.estimate import NotEstimable as NotEstimable
    from mismes_eval.estimate.from_fit import from_fit as from_fit
    from mismes_eval.estimate.hypothesis import wald as wald
    from mismes_eval.estimate.joint import independent as independent
    from mismes_eval.estimate.joint import stack as stack
    from mismes_eval.estimate.missing_items import Imputed as Imputed
    from mismes_eval.estimate.missing_items import combine_imputations as combine_imputations
    from mismes_eval.estimate.missing_items import hot_deck as hot_deck
    from mismes_eval.estimate.missing_items import impute as impute
    from mismes_eval.estimate.missing_items import over_imputations as over_imputations
    from mismes_eval.estimate.quantile import quantile as quantile
    from mismes_eval.estimate.regression import logit as logit
    from mismes_eval.estimate.regression import ols as ols
    from mismes_eval.estimate.regression import poisson as poisson
    from mismes_eval.estimate.restricted_mean import rmst as rmst
    from mismes_eval.estimate.survival import cumulative_incidence as cumulative_incidence
    from mismes_eval.estimate.survival import survival as survival
    from mismes_eval.estimate.totals import mean as mean
    from mismes_eval.estimate.totals import proportion as proportion
    from mismes_eval.estimate.totals import ratio as ratio
    from mismes_eval.estimate.totals import total as total
    from mismes_eval.evaluation.coverage import concentration as concentration
    from mismes_eval.evaluation.coverage import coverage as coverage
    from mismes_eval.evaluation.coverage import leakage as leakage
    from mismes_eval.evaluation.coverage import targeting as targeting
    from mismes_eval.evaluation.evaluation import Evaluation as Evaluation
    from mismes_eval.evaluation.evaluation import evaluate as evaluate
    from mismes_eval.evaluation.params import Params as Params
    from mismes_eval.evaluation.synthesis import Synthesis as Synthesis
    from mismes_eval.impact.bounds.lee import lee_bounds as lee_bounds
    from mismes_eval.impact.bounds.manski import delta_sensitivity as delta_sensitivity
    from mismes_eval.impact.bounds.manski import manski_bounds as manski_bounds
    from mismes_eval.impact.bounds.partial_identification import imbens_manski as imbens_manski
    from mismes_eval.impact.designs.dose import Dose as Dose
    from mismes_eval.impact.designs.dose import dose_response as dose_response
    from mismes_eval.impact.designs.matching import match as match
    from mismes_eval.impact.designs.switching import switching_effects as switching_effects
    from mismes_eval.impact.did.balance import balance as balance
    from mismes_eval.impact.did.bands import sup_t as sup_t
    from mismes_eval.impact.did.composition import composition_check as composition_check
    from mismes_eval.impact.did.group_time import att_gt as att_gt
    from mismes_eval.impact.did.group_time_result import GroupTime as GroupTime
    from mismes_eval.impact.did.heterogeneity import by_group as by_group
    from mismes_eval.impact.did.triple import triple_difference as triple_difference
    from mismes_eval.impact.did.two_by_two import att_2x2 as att_2x2
    from mismes_eval.impact.inference.ferman_pinto import ferman_pinto as ferman_pinto
    from mismes_eval.impact.inference.multiple_testing import adjust_pvalues as adjust_pvalues
    from mismes_eval.impact.inference.randomisation import randomisation_test as randomisation_test
    from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap as wild_bootstrap
    from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap_ols as wild_bootstrap_ols
    from mismes_eval.impact.planning.cost import cost_effectiveness as cost_effectiveness
    from mismes_eval.impact.planning.meta_analysis import RandomEffects as RandomEffects
    from mismes_eval.impact.planning.meta_analysis import random_effects as random_effects
    from mismes_eval.impact.planning.meta_regression import MetaRegression as MetaRegression
    from mismes_eval.impact.planning.meta_regression import meta_regression as meta_regression
    from mismes_eval.impact.planning.power import (
        minimum_detectable_effect as minimum_detectable_effect,
    )
    from mismes_eval.impact.planning.power import sample_size as sample_size
    from mismes_eval.impact.regression.bacon import bacon as bacon
    from mismes_eval.impact.regression.fixed_effects import two_way as two_way
    from mismes_eval.impact.regression.imputation import imputation as imputation
    from mismes_eval.impact.regression.panel_ols import panel_ols as panel_ols
    from mismes_eval.impact.regression.sun_abraham import sun_abraham as sun_abraham
    from mismes_eval.impact.sensitivity.honest import honest_did as honest_did
    from mismes_eval.impact.sensitivity.oster import oster as oster
    from mismes_eval.impact.sensitivity.placebo import placebo_dates as placebo_dates
    from mismes_eval.impact.sensitivity.placebo import placebo_groups as placebo_groups
    from mismes_eval.impact.sensitivity.placebo import placebo_outcomes as placebo_outcomes
    from mismes_eval.impact.sensitivity.pretrend_power import pretrend_power as pretrend_power
    from mismes_eval.impact.sensitivity.recall import recall_sensitivity as recall_sensitivity
    from mismes_eval.impact.sensitivity.robustness import donut as donut
    from mismes_eval.impact.sensitivity.robustness import leave_one_out as leave_one_out
    from mismes_eval.impact.sensitivity.robustness import robustness as robustness
    from mismes_eval.impact.trials.itt import itt as itt
    from mismes_eval.impact.trials.late import late as late
    from mismes_eval.impact.trials.late_bounds import late_bounds as late_bounds
    from mismes_eval.report.country import country_report as country_report
    from mismes_eval.report.session import Session as Session
    from mismes_eval.report.session import open as open_report
    from mismes_eval.report.side_by_side import SideBySide as SideBySide
    from mismes_eval.report.side_by_side import table as table
    from mismes_eval.report.synthesis.synthesis import synthesis as synthesis
    from mismes_eval.tracer import TracerPanel as TracerPanel
    from mismes_eval.tracer import attrition_tests as attrition_tests
    from mismes_eval.tracer import attrition_weights as attrition_weights
    from mismes_eval.tracer import calendar as calendar
    from mismes_eval.tracer import episodes as episodes
    from mismes_eval.tracer import transitions as transitions
    from mismes_eval.weighting.balancing import balance_weights as balance_weights
    from mismes_eval.weighting.calibrate import calibrate as calibrate
    from mismes_eval.weighting.calibrate import feasibility as feasibility
    from mismes_eval.weighting.calibrate import poststratify as poststratify
    from mismes_eval.weighting.calibrate import tightest_bounds as tightest_bounds
    from mismes_eval.weighting.censoring import censoring_weights as censoring_weights
    from mismes_eval.weighting.diagnostics import kish_deff as kish_deff
    from mismes_eval.weighting.diagnostics import margins_before_after as margins_before_after
    from mismes_eval.weighting.diagnostics import provenance as provenance
    from mismes_eval.weighting.diagnostics import weight_diagnostics as weight_diagnostics
    from mismes_eval.weighting.frames import combine_frames as combine_frames
    from mismes_eval.weighting.frames import stack_samples as stack_samples
    from mismes_eval.weighting.nonresponse import nonresponse as nonresponse
    from mismes_eval.weighting.partitioned import PartitionedSample as PartitionedSample
    from mismes_eval.weighting.phases import two_phase as two_phase
    from mismes_eval.weighting.phases import weight_share as weight_share
    from mismes_eval.weighting.planning import best_ratio as best_ratio
    from mismes_eval.weighting.planning import compare_plans as compare_plans
    from mismes_eval.weighting.planning import plan_allocation as plan_allocation
    from mismes_eval.weighting.planning import plan_precision as plan_precision
    from mismes_eval.weighting.planning import sample_size_for_rate as sample_size_for_rate
    from mismes_eval.weighting.pseudo import pseudo_weights as pseudo_weights
    from mismes_eval.weighting.replicate_weights import ReplicateWeights as ReplicateWeights
    from mismes_eval.weighting.resampling import replicates as replicates
    from mismes_eval.weighting.sample import Sample as Sample
    from mismes_eval.weighting.trim import trim as trim

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
    "weighting.replicate_weights": ("ReplicateWeights",),
    "weighting.resampling": ("replicates",),
    "weighting.calibrate": ("calibrate", "feasibility", "poststratify", "tightest_bounds"),
    "weighting.nonresponse": ("nonresponse",),
    "weighting.trim": ("trim",),
    "weighting.balancing": ("balance_weights",),
    "weighting.censoring": ("censoring_weights",),
    "weighting.partitioned": ("PartitionedSample",),
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
    "estimate.missing_items": (
        "Imputed",
        "combine_imputations",
        "hot_deck",
        "impute",
        "over_imputations",
    ),
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
    "impact.did.group_time": ("att_gt",),
    "impact.did.group_time_result": ("GroupTime",),
    "impact.did.bands": ("sup_t",),
    "impact.regression.fixed_effects": ("two_way",),
    "impact.regression.sun_abraham": ("sun_abraham",),
    "impact.regression.imputation": ("imputation",),
    "impact.trials.itt": ("itt",),
    "impact.trials.late": ("late",),
    "impact.trials.late_bounds": ("late_bounds",),
    "impact.regression.panel_ols": ("panel_ols",),
    "impact.regression.bacon": ("bacon",),
    "impact.did.triple": ("triple_difference",),
    "impact.did.balance": ("balance",),
    "impact.did.composition": ("composition_check",),
    "impact.bounds.lee": ("lee_bounds",),
    "impact.bounds.manski": ("delta_sensitivity", "manski_bounds"),
    "impact.bounds.partial_identification": ("imbens_manski",),
    "impact.inference.ferman_pinto": ("ferman_pinto",),
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
    "impact.designs.dose": ("Dose", "dose_response"),
    "impact.designs.matching": ("match",),
    "impact.designs.switching": ("switching_effects",),
    "impact.planning.power": ("minimum_detectable_effect", "sample_size"),
    "impact.planning.cost": ("cost_effectiveness",),
    "impact.planning.meta_analysis": ("RandomEffects", "random_effects"),
    "impact.planning.meta_regression": ("MetaRegression", "meta_regression"),
    "evaluation.params": ("Params",),
    "evaluation.evaluation": ("Evaluation", "evaluate"),
    "evaluation.coverage": ("concentration", "coverage", "leakage", "targeting"),
    "report.session": ("Session",),
    "report.country": ("country_report",),
    "report.side_by_side": ("SideBySide", "table"),
    "evaluation.synthesis": ("Synthesis",),
    "report.synthesis.synthesis": ("synthesis",),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}
_HOME |= {"open_report": "report.session"}
_RENAMED = {"open_report": "open"}
_FLOORS = ("frame", "inventory", "lfs", "tracer", "synthetic", "report", "impact")

__all__ = ["__version__", *_HOME]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), _RENAMED.get(name, name))
        globals()[name] = value
        return value
    if name in _FLOORS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"mismes_eval has no '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, *_FLOORS])
