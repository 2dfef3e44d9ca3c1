# Written by tests/proof/write_methods.py; ruff: noqa: PLR0913
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import pandas as pd

from mismes_eval.estimate.estimate import Estimate, Interval
from mismes_eval.estimate.hypothesis import Test
from mismes_eval.estimate.quantile import Rule as Rule3
from mismes_eval.estimate.quantile import Way
from mismes_eval.impact.bounds.lee import Rule as Rule2
from mismes_eval.impact.bounds.manski import Variance
from mismes_eval.impact.designs.dose import Dose
from mismes_eval.impact.designs.matching import Metric
from mismes_eval.impact.did.balance import Balance
from mismes_eval.impact.did.composition import Composition
from mismes_eval.impact.did.group_time_cells import Impossible
from mismes_eval.impact.did.group_time_result import GroupTime
from mismes_eval.impact.did.layout import Unbalanced
from mismes_eval.impact.did.periods import Base, Control
from mismes_eval.impact.did.two_periods import TwoTimes
from mismes_eval.impact.inference.wild_draws import Draws, WildBootstrap
from mismes_eval.impact.regression.bacon import Bacon
from mismes_eval.impact.regression.fixed_effects import SmallSample
from mismes_eval.impact.regression.imputation import Errors
from mismes_eval.impact.regression.panel_ols import ClassicalFit, Rule
from mismes_eval.impact.regression.panel_ols import Errors as Errors2
from mismes_eval.impact.sensitivity.oster import Oster
from mismes_eval.impact.trials.itt import Correction
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.numerics.arms import Adjustment
from mismes_eval.numerics.balancing import Estimand as Estimand2
from mismes_eval.numerics.balancing import Method as Method2
from mismes_eval.numerics.calibration import Method as Method3
from mismes_eval.numerics.did import Estimand, Method
from mismes_eval.public import Count, Finite, Level, Seed
from mismes_eval.tracer.diagnostics import AttritionTests
from mismes_eval.tracer.panel import TracerPanel
from mismes_eval.weighting.arguments import Column, Names
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.margins import Totals
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.stages import Columns
from mismes_eval.weighting.steps import Slope
from mismes_eval.weighting.timeline import TimeColumn

class OfBoth:
    def att_2x2(
        self,
        outcome: str | tuple[str, str],
        treated: str,
        time: TwoTimes = ...,
        covariates: Sequence[str] = ...,
        method: Method = ...,
        series_breaks: Sequence[float] = ...,
        acknowledge_breaks: bool = ...,
        estimand: Estimand = ...,
        cap: Finite | None = ...,
    ) -> Estimate: ...
    def att_gt(
        self,
        outcome: str,
        cohort: str,
        time: TimeColumn = ...,
        unit: str | None = ...,
        covariates: Sequence[str] = ...,
        control: Control = ...,
        base: Base = ...,
        anticipation: float = ...,
        method: Method = ...,
        unbalanced: Unbalanced = ...,
        series_breaks: Sequence[float] = ...,
        acknowledge_breaks: bool = ...,
        impossible: Impossible = ...,
    ) -> GroupTime: ...
    def bacon(
        self, outcome: str, cohort: str, unit: str | None = ..., time: TimeColumn = ...
    ) -> Bacon: ...
    def imputation(
        self,
        outcome: str,
        cohort: str,
        unit: str | None = ...,
        time: TimeColumn = ...,
        by: str = ...,
        cluster: str | None = ...,
        errors: Errors = ...,
        covariates: Sequence[str] = ...,
        series_breaks: Sequence[float] = ...,
        acknowledge_breaks: bool = ...,
    ) -> Estimate: ...
    def panel_ols(
        self,
        outcome: str,
        treated: str | None = ...,
        event_time: str | None = ...,
        unit: str | None = ...,
        time: TimeColumn = ...,
        covariates: Sequence[str] = ...,
        reference: Sequence[float] | None = ...,
        errors: Errors2 = ...,
        rule: Rule = ...,
        series_breaks: Sequence[float] = ...,
        acknowledge_breaks: bool = ...,
    ) -> ClassicalFit: ...
    def sun_abraham(
        self,
        outcome: str,
        cohort: str,
        unit: str | None = ...,
        time: TimeColumn = ...,
        covariates: Sequence[str] = ...,
        cluster: str | None = ...,
        by: str = ...,
        small_sample: SmallSample = ...,
        series_breaks: Sequence[float] = ...,
        acknowledge_breaks: bool = ...,
    ) -> Estimate: ...
    def switching_effects(
        self,
        outcome: str,
        treated: str,
        time: TimeColumn | None = ...,
        unit: str | None = ...,
        covariates: Sequence[str] = ...,
        method: Method = ...,
    ) -> Estimate: ...
    def triple_difference(
        self,
        outcome: str | tuple[str, str],
        treated: str,
        eligible: str,
        time: TwoTimes = ...,
        covariates: Sequence[str] = ...,
        method: Method = ...,
        series_breaks: Sequence[float] = ...,
        acknowledge_breaks: bool = ...,
    ) -> Estimate: ...
    def two_way(
        self,
        outcome: str,
        treated: str | None = ...,
        event_time: str | None = ...,
        cluster: str | None = ...,
        unit: str | None = ...,
        time: TimeColumn = ...,
        covariates: Sequence[str] = ...,
        reference: Sequence[float] | None = ...,
        small_sample: SmallSample = ...,
        series_breaks: Sequence[float] = ...,
        acknowledge_breaks: bool = ...,
    ) -> Estimate: ...

class OfPanels(OfBoth):
    def attrition_tests(
        self,
        outcome: str,
        covariates: str | Sequence[str],
        by: str | Sequence[str] | None = ...,
        wave: object | None = ...,
        link: str = ...,
    ) -> AttritionTests: ...
    def attrition_weights(
        self,
        covariates: str | Sequence[str],
        method: str = ...,
        stabilised: bool = ...,
        fixed_weights: bool = ...,
        lagged: str | Sequence[str] = ...,
        restricted: str | Sequence[str] = ...,
        answered: str | None = ...,
        then: Callable[[Sample], Sample] | None = ...,
    ) -> TracerPanel: ...
    def transitions(
        self, state: str, waves: Sequence[object] | None = ..., minimum: int = ...
    ) -> Estimate: ...

class OfSamples(OfBoth):
    def adjusted_gap(self, outcome: str, group: str, covariates: Sequence[str]) -> Estimate: ...
    def balance(
        self,
        treated: str,
        covariates: str | Sequence[str],
        weighted: Sample | Sequence[float] | None = ...,
    ) -> Balance: ...
    def balance_weights(
        self,
        treated: str,
        covariates: str | Sequence[str],
        method: Method2 = ...,
        estimand: Estimand2 | None = ...,
    ) -> Sample: ...
    def calibrate(
        self,
        totals: Totals,
        method: Method3 = ...,
        bounds: tuple[float, float] | None = ...,
        total_se: Totals | None = ...,
        unit: str | None = ...,
        totals_unit: float = ...,
        scale_to: str | tuple[str, ...] | None = ...,
        slope: Slope = ...,
    ) -> Sample: ...
    def censoring_weights(
        self,
        duration: str,
        event: str,
        tau: Finite,
        covariates: str | Sequence[str] = ...,
        by: str | None = ...,
    ) -> Sample: ...
    def composition_check(
        self, traits: str | Sequence[str], cohort: str, time: str, control: Control = ...
    ) -> Composition: ...
    def concentration(self, participant: str, rank: str) -> Estimate: ...
    def cumulative_incidence(
        self,
        duration: Column,
        cause: Column,
        of: object,
        by: By = ...,
        times: float | Sequence[float] | None = ...,
        entry: Column | None = ...,
    ) -> Estimate: ...
    def delta_sensitivity(
        self,
        outcome: str,
        treated: str,
        selected: str,
        shifts: Sequence[float],
        arm: Literal["treated", "comparison", "both"] = ...,
    ) -> Estimate: ...
    def dose_response(
        self,
        outcome: tuple[str, str],
        dose: str,
        doses: Sequence[float] | None = ...,
        degree: int = ...,
        knots: Sequence[float] = ...,
    ) -> Dose: ...
    def duration_quantile(
        self, duration: str, event: str, prob: float = ..., by: By = ..., entry: str | None = ...
    ) -> dict[str, Estimate | NotEstimable]: ...
    def feasibility(
        self, totals: Totals, totals_unit: float = ..., scale_to: str | tuple[str, ...] | None = ...
    ) -> pd.DataFrame: ...
    def hot_deck(self, item: str, cells: str | Sequence[str]) -> Sample: ...
    def impute(
        self,
        columns: Sequence[str],
        predictors: Sequence[str],
        imputations: Count = ...,
        rounds: Count = ...,
        seed: Seed = ...,
    ) -> tuple[Sample, ...]: ...
    def itt(
        self,
        outcome: str | Sequence[str],
        assigned: str,
        covariates: str | Sequence[str] = ...,
        blocks: str | Sequence[str] = ...,
        adjustment: Adjustment = ...,
        small_sample: Correction = ...,
    ) -> Estimate: ...
    def late(
        self,
        outcome: str,
        takeup: str,
        assigned: str,
        covariates: str | Sequence[str] = ...,
        blocks: str | Sequence[str] = ...,
        adjustment: Adjustment = ...,
        level: Level = ...,
        small_sample: Correction = ...,
    ) -> Estimate: ...
    def late_bounds(
        self,
        outcome: str,
        takeup: str,
        assigned: str,
        selected: str,
        covariates: str | Sequence[str] = ...,
        blocks: str | Sequence[str] = ...,
        adjustment: Adjustment = ...,
        level: Level = ...,
        small_sample: Correction = ...,
    ) -> Estimate: ...
    def leakage(self, participant: str, target: str) -> Estimate | NotEstimable: ...
    def lee_bounds(
        self,
        outcome: str,
        treated: str,
        selected: str,
        tighten: str | Sequence[str] | None = ...,
        rule: Rule2 = ...,
    ) -> Estimate: ...
    def logit(self, formula: str) -> Estimate: ...
    def manski_bounds(
        self,
        outcome: str,
        treated: str,
        selected: str,
        low: float,
        high: float,
        attempted: str | None = ...,
        recovered: str | None = ...,
        poststratify: By = ...,
        delta: float = ...,
        variance: Variance = ...,
    ) -> Estimate: ...
    def margins_before_after(self) -> pd.DataFrame: ...
    def match(
        self,
        outcome: str,
        treated: str,
        covariates: Sequence[str],
        neighbours: Count = ...,
        metric: Metric = ...,
        caliper: float | None = ...,
    ) -> Estimate: ...
    def mean(self, columns: Names, by: By = ...) -> Estimate: ...
    def nonresponse(
        self,
        responded: str,
        covariates: str | Sequence[str],
        method: str = ...,
        eligible: str | None = ...,
    ) -> Sample: ...
    def oaxaca_blinder(
        self,
        outcome: str,
        group: str,
        covariates: Sequence[str],
        reference: str = ...,
        detail: bool = ...,
    ) -> Estimate: ...
    def ols(self, formula: str) -> Estimate: ...
    def oster(
        self,
        outcome: str,
        treatment: str,
        controls: Sequence[str],
        always: Sequence[str] = ...,
        r2_factor: Finite = ...,
        null: Finite = ...,
    ) -> Oster: ...
    def poisson(self, formula: str) -> Estimate: ...
    def poststratify(
        self,
        by: str | Sequence[str],
        totals: Mapping[object, float] | pd.Series,
        totals_unit: float = ...,
    ) -> Sample: ...
    def proportion(self, columns: Names, by: By = ..., interval: Interval = ...) -> Estimate: ...
    def provenance(self) -> pd.DataFrame: ...
    def quantile(
        self,
        column: Column,
        probs: float | Sequence[float],
        by: By = ...,
        rule: Rule3 = ...,
        interval: Way = ...,
    ) -> Estimate: ...
    def rao_scott(
        self,
        row: Column,
        column: Column,
        statistic: str = ...,
        df: Literal["effective", "design"] = ...,
    ) -> Test | NotEstimable: ...
    def ratio(self, numerator: Column, denominator: Column, by: By = ...) -> Estimate: ...
    def recall_sensitivity(
        self,
        before: str,
        after: str,
        treated: str,
        sensitivity: Sequence[float],
        specificity: Sequence[float],
        arm: Literal["both", "treated", "comparison"] = ...,
    ) -> Estimate: ...
    def replicates(
        self,
        method: str = ...,
        n: int | None = ...,
        seed: int | None = ...,
        mse: bool = ...,
        rho: float = ...,
    ) -> Sample: ...
    def reweighted_gap(self, outcome: str, group: str, covariates: Sequence[str]) -> Estimate: ...
    def rmst(
        self,
        duration: str,
        event: str,
        tau: Finite,
        by: By = ...,
        of: object = ...,
        entry: str | None = ...,
    ) -> Estimate: ...
    def survival(
        self,
        duration: Column,
        event: Column,
        by: By = ...,
        times: float | Sequence[float] | None = ...,
        entry: Column | None = ...,
    ) -> Estimate: ...
    def targeting(self, participant: str, by: str) -> Estimate | NotEstimable: ...
    def tightest_bounds(self, totals: Totals) -> tuple[float, float]: ...
    def total(self, columns: Names, by: By = ...) -> Estimate: ...
    def trim(
        self,
        lower: float | None = ...,
        upper: float | None = ...,
        redistribute: bool = ...,
        strict: bool = ...,
        totals: Totals | None = ...,
        method: Method3 = ...,
        totals_unit: float = ...,
    ) -> Sample: ...
    def two_phase(
        self, selected: str, phase2_prob: str, classes: str | Sequence[str] | None = ...
    ) -> Sample: ...
    def variance(self, columns: Names, by: By = ...) -> Estimate: ...
    def weight_diagnostics(self, by: Columns = ...) -> pd.DataFrame: ...
    def weight_share(
        self, reports: pd.DataFrame, key: str = ..., multiplicity: str = ...
    ) -> Sample: ...
    def wild_bootstrap_ols(
        self,
        formula: str,
        coefficient: str,
        cluster: str,
        null: Finite = ...,
        points: Draws = ...,
        draws: int = ...,
        level: float | None = ...,
        seed: Seed = ...,
    ) -> WildBootstrap: ...
