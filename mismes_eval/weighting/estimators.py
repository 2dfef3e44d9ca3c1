"""Verbs of the package as methods of the sample or panel that is their first argument: `s.mean("y")`
is `me.mean(s, "y")`, with the same signature, types and help.

Samples stand a floor below most verbs: a type checker sees the verbs, at run time each is loaded
when it is first called.
"""

from __future__ import annotations

from importlib import import_module
from types import MethodType
from typing import Any


class Method:
    """The verb of a name, bound to what it is called on."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        verb = getattr(import_module("mismes_eval"), self.name)
        return verb if instance is None else MethodType(verb, instance)


class _Methods:
    """Gives the method of any verb by its name."""

    def __getattr__(self, name: str) -> Method:
        return Method(name)


verbs = _Methods()


class OfBoth:
    """Verbs that take a sample or a panel."""

    att_2x2 = verbs.att_2x2
    att_gt = verbs.att_gt
    bacon = verbs.bacon
    imputation = verbs.imputation
    panel_ols = verbs.panel_ols
    sun_abraham = verbs.sun_abraham
    switching_effects = verbs.switching_effects
    triple_difference = verbs.triple_difference
    two_way = verbs.two_way


class OfPanels(OfBoth):
    """Verbs that take a panel."""

    attrition_tests = verbs.attrition_tests
    attrition_weights = verbs.attrition_weights
    transitions = verbs.transitions


class OfSamples(OfBoth):
    """Verbs that take a sample: weight steps, what describes weights, estimators."""

    adjusted_gap = verbs.adjusted_gap
    balance = verbs.balance
    balance_weights = verbs.balance_weights
    calibrate = verbs.calibrate
    censoring_weights = verbs.censoring_weights
    composition_check = verbs.composition_check
    concentration = verbs.concentration
    cumulative_incidence = verbs.cumulative_incidence
    delta_sensitivity = verbs.delta_sensitivity
    dose_response = verbs.dose_response
    duration_quantile = verbs.duration_quantile
    feasibility = verbs.feasibility
    hot_deck = verbs.hot_deck
    impute = verbs.impute
    itt = verbs.itt
    late = verbs.late
    late_bounds = verbs.late_bounds
    leakage = verbs.leakage
    lee_bounds = verbs.lee_bounds
    logit = verbs.logit
    manski_bounds = verbs.manski_bounds
    margins_before_after = verbs.margins_before_after
    match = verbs.match
    mean = verbs.mean
    nonresponse = verbs.nonresponse
    oaxaca_blinder = verbs.oaxaca_blinder
    ols = verbs.ols
    oster = verbs.oster
    poisson = verbs.poisson
    poststratify = verbs.poststratify
    proportion = verbs.proportion
    provenance = verbs.provenance
    quantile = verbs.quantile
    rao_scott = verbs.rao_scott
    ratio = verbs.ratio
    recall_sensitivity = verbs.recall_sensitivity
    replicates = verbs.replicates
    reweighted_gap = verbs.reweighted_gap
    rmst = verbs.rmst
    survival = verbs.survival
    targeting = verbs.targeting
    tightest_bounds = verbs.tightest_bounds
    total = verbs.total
    trim = verbs.trim
    two_phase = verbs.two_phase
    variance = verbs.variance
    weight_diagnostics = verbs.weight_diagnostics
    weight_share = verbs.weight_share
    wild_bootstrap_ols = verbs.wild_bootstrap_ols
