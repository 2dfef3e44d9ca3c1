"""Verbs of the package as methods of the sample or panel that is their first argument:
`s.mean("y")` is `me.mean(s, "y")`, with the same signature, types and help.

Samples stand a floor below most verbs: a type checker sees the verbs, at run time each is loaded
when it is first called.
"""

from __future__ import annotations

from importlib import import_module
from types import MethodType
from typing import Any


class Method:
    """The verb of the name that it is given in a class, bound to what it is called on."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        verb = getattr(import_module("mismes_eval"), self.name)
        return verb if instance is None else MethodType(verb, instance)


class OfBoth:
    """Verbs that take a sample or a panel."""

    att_2x2 = Method()
    att_gt = Method()
    bacon = Method()
    imputation = Method()
    panel_ols = Method()
    sun_abraham = Method()
    switching_effects = Method()
    triple_difference = Method()
    two_way = Method()


class OfPanels(OfBoth):
    """Verbs that take a panel."""

    attrition_tests = Method()
    attrition_weights = Method()
    transitions = Method()


class OfSamples(OfBoth):
    """Verbs that take a sample: weight steps, what describes weights, estimators."""

    adjusted_gap = Method()
    balance = Method()
    balance_weights = Method()
    calibrate = Method()
    censoring_weights = Method()
    composition_check = Method()
    concentration = Method()
    cumulative_incidence = Method()
    delta_sensitivity = Method()
    dose_response = Method()
    duration_quantile = Method()
    feasibility = Method()
    hot_deck = Method()
    impute = Method()
    itt = Method()
    late = Method()
    late_bounds = Method()
    leakage = Method()
    lee_bounds = Method()
    logit = Method()
    manski_bounds = Method()
    margins_before_after = Method()
    match = Method()
    mean = Method()
    nonresponse = Method()
    oaxaca_blinder = Method()
    ols = Method()
    oster = Method()
    poisson = Method()
    poststratify = Method()
    proportion = Method()
    provenance = Method()
    quantile = Method()
    rao_scott = Method()
    ratio = Method()
    recall_sensitivity = Method()
    replicates = Method()
    reweighted_gap = Method()
    rmst = Method()
    survival = Method()
    targeting = Method()
    tightest_bounds = Method()
    total = Method()
    trim = Method()
    two_phase = Method()
    variance = Method()
    weight_diagnostics = Method()
    weight_share = Method()
    wild_bootstrap_ols = Method()
