"""Identity and property: contrasts between countries have their own standard error and exist only
where definitions agree; effects are summarised only where they are comparable.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

import mismes_eval as me
from mismes_eval.evaluation.published_effects import Published
from mismes_eval.evaluation.synthesis import CONCEPTS, compare, rests_on

from ..some import some

DEFINITIONS = dict.fromkeys(CONCEPTS, "as agreed") | {"basis": "PSUs"}


def indicator(
    value: float, se: float, n: float = 500.0, degf: float = 80.0, **more: Any
) -> dict[str, Any]:
    """The employment rate of all residents."""
    return {
        "id": "L3.employment",
        "title": "Employment rate",
        "group": "all residents",
        "value": value,
        "se": se,
        "ci_low": value - 2 * se,
        "ci_high": value + 2 * se,
        "n": n,
        "degf": degf,
        "flag": "",
        "kind": "proportion",
        "unit": "share",
        "definition": "employed over all",
        "status": "shown",
    } | more


def effect(value: float, se: float, **more: Any) -> dict[str, Any]:
    """A main effect of model M08 on employment after 24 months."""
    return {
        "measure": "X-001",
        "model": "M08",
        "outcome": "employed",
        "unit_of_outcome": "share",
        "design": "tracer panel",
        "method": "dr",
        "months": 24.0,
        "moved_apart": False,
        "main": True,
        "covariates": ["male"],
        "status": "shown",
        "value": value,
        "se": se,
        "ci_low": value - 2 * se,
        "ci_high": value + 2 * se,
        "n": 900.0,
        "degf": 800.0,
    } | more


def report(
    country: str,
    *,
    synthetic: bool = True,
    definitions: Mapping[str, str] | None = None,
    **facts: Any,
) -> Published:
    """A published report with an inventory of two models."""
    models = [
        {"model": "M08", "measures": 3, "evaluated": 1, "with_comparison": 0},
        {"model": "M09", "measures": 2, "evaluated": 0, "with_comparison": 0},
    ]
    register = [
        {"status": "evaluated", "measures": 1, "budget_million": 2.0, "budget_status": "shown"},
        {"status": "overdue", "measures": 4, "budget_million": 6.0, "budget_status": "shown"},
    ]
    base = {
        "schema": 1,
        "definitions": {**DEFINITIONS, **(definitions or {})},
        "indicators": [],
        "effects": [],
        "models": models,
        "register": register,
        "register_day": "2023-12-31",
        "price_years": [2020],
        "without_price_year": 0,
        "budget_total": 8.0,
        "without_budget": 0,
    }
    return Published(country, synthetic, base | facts)


def three(**definitions: str) -> me.Synthesis:
    """Three countries; the third with other definitions."""
    values = ((0.50, 0.02), (0.45, 0.015), (0.60, 0.03))
    reports = [
        report(c, indicators=[indicator(*v)], definitions=definitions if c == "CCC" else None)
        for c, v in zip(("AAA", "BBB", "CCC"), values, strict=True)
    ]
    return compare(reports)


def test_a_contrast_is_welch_s_on_the_published_numbers() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.5, 0.2, 40), rng.normal(0.4, 0.5, 25)
    known = stats.ttest_ind(a, b, equal_var=False)
    facts = [
        indicator(float(x.mean()), float(x.std(ddof=1) / np.sqrt(x.size)), x.size, x.size - 1.0)
        for x in (a, b)
    ]
    line = compare(
        [report("AAA", indicators=[facts[0]]), report("BBB", indicators=[facts[1]])]
    ).contrasts.iloc[0]
    interval = known.confidence_interval(0.95)
    np.testing.assert_allclose(
        line[["degf", "p", "ci_low", "ci_high"]].astype(float),
        (known.df, known.pvalue, interval.low, interval.high),
        rtol=1e-12,
    )
    assert line["p_holm"] == line["p"]


def test_p_values_of_all_pairs_are_adjusted_by_holm() -> None:
    found = three().contrasts
    expected = [("AAA", "BBB"), ("AAA", "CCC"), ("BBB", "CCC")]
    assert [*zip(found["first"], found["second"], strict=True)] == expected
    np.testing.assert_allclose(
        found["p_holm"], multipletests(found["p"], method="holm")[1], rtol=1e-12
    )


@pytest.mark.parametrize("concept", ["icls", "ages", "year"])
def test_a_difference_in_definition_is_named_and_blocks_the_contrast(concept: str) -> None:
    s = three(**{concept: "otherwise"})
    assert [*zip(s.contrasts["first"], s.contrasts["second"], strict=True)] == [("AAA", "BBB")]
    line = s.comparable.iloc[0]
    assert line["sets"] == [("AAA", "BBB"), ("CCC",)]
    assert line["differing"] == [CONCEPTS[concept]]


def test_a_definition_that_does_not_matter_blocks_nothing_and_one_that_is_not_stated_does() -> None:
    assert len(three(migrant="otherwise").contrasts) == 3
    both_silent = [
        report(c, indicators=[indicator(0.5, 0.1)], definitions={"icls": ""})
        for c in ("AAA", "BBB")
    ]
    s = compare(both_silent)
    assert s.contrasts.empty
    assert s.comparable.iloc[0]["differing"] == ["ICLS version"]


def test_what_an_indicator_s_words_say_counts_too() -> None:
    s = compare(
        [
            report("AAA", indicators=[indicator(0.5, 0.1)]),
            report(
                "BBB",
                indicators=[indicator(0.5, 0.1, definition="employed and available over all")],
            ),
        ]
    )
    assert s.contrasts.empty
    assert s.comparable.iloc[0]["differing"] == ["the indicator's own definition"]


def test_indicators_of_groups_by_status_rest_on_who_is_a_migrant() -> None:
    assert "migrant" in rests_on("L3.employment", "returnees")
    assert "migrant" not in rests_on("L3.employment", "all residents")
    assert set(CONCEPTS) == set(rests_on("L99", "all residents"))


def test_hidden_numbers_are_not_compared() -> None:
    hidden = indicator(float("nan"), float("nan"), status="confidential")
    s = compare(
        [report("AAA", indicators=[indicator(0.5, 0.1)]), report("BBB", indicators=[hidden])]
    )
    assert s.contrasts.empty
    assert s.indicators.set_index("country").loc["BBB", "status"] == "confidential"


def effects_of(*many: list[dict[str, Any]]) -> me.Synthesis:
    return compare([report(f"C{i:02d}", effects=e) for i, e in enumerate(many)])


def test_comparable_effects_are_summarised_by_reml_and_those_that_moved_apart_are_left_out_beside_it() -> (
    None
):
    s = effects_of(
        [effect(0.10, 0.02)], [effect(0.15, 0.03)], [effect(0.02, 0.02, moved_apart=True)]
    )
    (summary,) = s.summaries
    assert isinstance(summary.main, me.RandomEffects)
    assert isinstance(summary.alike_before, me.RandomEffects)
    whole, part = (
        me.random_effects([0.10, 0.15, 0.02], [0.02, 0.03, 0.02], "reml", "hartung_knapp_adhoc"),
        me.random_effects([0.10, 0.15], [0.02, 0.03], "reml", "hartung_knapp_adhoc"),
    )
    expected = (whole.value, whole.low, whole.prediction)
    assert (summary.main.value, summary.main.low, summary.main.prediction) == expected
    assert (summary.alike_before.value, summary.alike_before.high) == (part.value, part.high)
    assert [o.method for o in summary.others] == ["dl", "pm"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"months": 36.0}, "another outcome, follow-up, design"),
        ({"design": "roll-out by region, survey rounds"}, "another outcome, follow-up, design"),
        ({"outcome": "business"}, "another outcome, follow-up, design"),
        ({"model": "M09"}, "one effect only"),
        ({"method": "none"}, "another outcome, follow-up, design"),
        ({"status": "confidential"}, "one effect only"),
    ],
)
def test_effects_of_another_model_outcome_age_or_design_are_not_averaged(
    change: dict[str, Any], reason: str
) -> None:
    s = effects_of([effect(0.10, 0.02)], [effect(0.15, 0.03, **change)])
    assert all(isinstance(x.main, me.NotEstimable) and reason in x.main.reason for x in s.summaries)
    assert sum(len(x.effects) for x in s.summaries) == (1 if "status" in change else 2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"unit_of_outcome": "national currency", "outcome": "earnings"}, "no common unit"),
        ({"model": ""}, "not on record"),
    ],
)
def test_effects_without_a_common_unit_or_model_are_not_averaged(
    change: dict[str, Any], reason: str
) -> None:
    (summary,) = effects_of(
        [effect(0.10, 0.02, **change)], [effect(0.15, 0.03, **change)]
    ).summaries
    assert isinstance(summary.main, me.NotEstimable)
    assert reason in summary.main.reason


def test_two_effects_of_one_country_s_sample_are_not_independent() -> None:
    (summary,) = effects_of(
        [effect(0.10, 0.02), effect(0.12, 0.02, measure="X-002")], [effect(0.15, 0.03)]
    ).summaries
    assert isinstance(summary.main, me.NotEstimable)
    assert "not independent" in summary.main.reason


def test_budget_without_evidence_is_the_budget_of_what_was_not_evaluated_and_missing_where_a_part_is_hidden() -> (
    None
):
    hidden = [
        {"status": "evaluated", "measures": 1, "budget_million": 2.0},
        {"status": "overdue", "measures": 1, "budget_million": None},
    ]
    s = compare([report("AAA"), report("BBB", register=hidden)])
    budget = s.budget.set_index("country")
    assert budget.loc["AAA", "without_evidence"] == 6.0
    assert budget.loc["AAA", "share"] == 0.75
    assert np.isnan(budget.loc["BBB", "without_evidence"])
    assert [*s.never_evaluated()["model"]] == ["M09", "M09"]
    assert s.due.set_index("country").loc["AAA", "overdue"] == 4


def test_what_cannot_be_put_together_is_refused_all_at_once() -> None:
    with pytest.raises(me.ParamsError, match="several countries"):
        compare([report("AAA")])
    with pytest.raises(me.ParamsError) as caught:
        compare([report("AAA"), report("AAA", synthetic=False)])
    assert len(caught.value.problems) == 2
    mixed = compare([report("AAA"), report("BBB", synthetic=False)], mixed=True)
    assert mixed.synthetic == ("AAA",)


def scored(value: float, country: str, number: int, involved: int | None) -> dict[str, Any]:
    return effect(value, 0.02, measure=f"{country}-00{number}", employer_involved=involved)


@pytest.mark.whole
def test_features_are_compared_over_measures_and_never_over_persons() -> None:
    countries = ("ARM", "GEO", "MAR", "MDA", "TUN", "ALB")
    values, scores = (0.02, 0.03, 0.01, 0.12, 0.10, 0.13), (0, 1, 0, 3, 2, 3)
    reports = [
        report(c, effects=[scored(v, c, 1, s)])
        for c, v, s in zip(countries, values, scores, strict=True)
    ]
    found = {f.feature: f for f in compare(reports).features}
    involved = found["employers' involvement"]
    assert isinstance(involved.found, me.MetaRegression)
    assert (involved.measures, involved.with_feature) == (6, 3)
    assert involved.found.value[1] == pytest.approx(0.35 / 3 - 0.02, abs=1e-6)
    assert involved.found.permutation[1] == pytest.approx(2 / 20)  # of 20 ways to choose three
    unscored = found["attention to qualifications"]
    assert isinstance(unscored.found, me.NotEstimable) and unscored.measures == 0


def test_below_five_measures_no_feature_is_compared() -> None:
    reports = [report(c, effects=[scored(0.1, c, 1, k)]) for k, c in enumerate(("ARM", "GEO"))]
    for contrast in some(compare(reports).features):
        assert isinstance(contrast.found, me.NotEstimable) and contrast.needed == 5


def test_measures_of_one_country_share_their_sample() -> None:
    countries = ("ARM", "GEO", "MAR", "MDA")
    reports = [
        report(c, effects=[scored(0.02 + 0.1 * k, c, k + 1, 3 * k) for k in (0, 1)])
        for c in countries
    ]
    found = next(f.found for f in compare(reports).features)
    assert isinstance(found, me.MetaRegression) and found.samples == 4 and found.k == 8
