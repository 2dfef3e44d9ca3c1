"""Every claim of the ledger has a number or the name of what is missing: numbers are those of the report's verbs, a register says what its records allow, and what is not there is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from mismes_eval.estimate.claim_verdict import judge
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.claims.census import CENSUS, Census, census
from mismes_eval.evaluation.claims.fields import missing_fields
from mismes_eval.evaluation.claims.ledger import Claim, ledger, version
from mismes_eval.evaluation.claims.persons import PERSONS, Evidence, evidence
from mismes_eval.evaluation.claims.testing import ClaimEvidence, put_to_the_test
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.money import money
from mismes_eval.frame.template import template
from mismes_eval.inventory.indicators import portfolio_rows

from ..some import some

DAY = date(2023, 12, 31)


@pytest.fixture(scope="module")
def moldova(evaluated: Callable[[str], Evaluation]) -> Evaluation:
    return evaluated("MDA")


@pytest.fixture(scope="module")
def found_for(moldova: Evaluation) -> dict[str, ClaimEvidence]:
    return {t.claim.id: t for t in put_to_the_test(moldova)}


def test_the_ledger_is_whole() -> None:
    claims = ledger()
    assert set(claims) == set(CENSUS) | set(PERSONS) and not set(CENSUS) & set(PERSONS)
    assert len({c.title for c in claims.values()}) == len(claims) >= 25
    for claim in claims.values():
        assert claim.margin > 0 and claim.direction in (-1, 0, 1), claim.id
        assert claim.claim.endswith(".") and claim.slide and claim.indicator and claim.needs
        assert claim.unit in ("share", "score", "money"), claim.id
        assert (claim.evidence == "inventory") == (claim.id in CENSUS), claim.id
    assert version() == max(c.since for c in claims.values())


@pytest.mark.parametrize("claim", ledger().values(), ids=lambda c: c.id)
def test_every_field_that_a_claim_takes_is_one_of_a_template(claim: Claim) -> None:
    for way in some(way for need in claim.needs for way in need.split("|")):
        file, _, column = way.partition(".")
        if file == "params" or not column:
            continue

        assert column in {c.name for c in template(file).columns}, way


def test_every_claim_has_a_number_or_what_is_missing(found_for: dict[str, ClaimEvidence]) -> None:
    assert list(found_for) == list(ledger())
    for one in found_for.values():
        assert bool(one.missing) == (one.found is None)


def test_a_field_that_is_not_there_is_named(moldova: Evaluation) -> None:
    unpriced = dataclasses.replace(
        moldova, params=moldova.params.changed({"cost.job_year_value": None})
    )
    assert missing_fields(unpriced, ledger()["C28"]) == ("params.cost.job_year_value",)


def test_a_file_that_is_not_there_is_named_alone(moldova: Evaluation) -> None:
    bare = dataclasses.replace(moldova, survey=None, inventory=None, tracing=None)
    claims = ledger()
    assert missing_fields(bare, claims["C14"]) == ("lfs_person",)
    assert missing_fields(bare, claims["C07"]) == ("tracer_outcome", "inventory")
    assert all(t.missing for t in put_to_the_test(bare))


def test_an_empty_column_is_missing(moldova: Evaluation) -> None:
    inventory = moldova.inventory
    assert inventory is not None
    empty = inventory.frame.assign(linked_job_offer=pd.NA)
    without = dataclasses.replace(moldova, inventory=dataclasses.replace(inventory, frame=empty))
    assert missing_fields(without, ledger()["C02"]) == ("inventory.linked_job_offer",)


@pytest.mark.golden
def test_a_register_by_hand() -> None:
    """7 of 10 measures: Clopper-Pearson 0.3475 to 0.9333 (R 4: binom.test(7, 10)$conf.int)."""
    m = Census(np.array([1.0] * 7 + [0.0] * 3)).measured()
    assert (m.value, m.n) == (0.7, 10.0)
    assert (m.low, m.high) == pytest.approx((0.34754715, 0.93326047), abs=1e-7)
    verdict = judge(m, 1, 0.5, 0.1)
    assert verdict.span.value == pytest.approx(0.2) and verdict.answer == "undecided"


@pytest.mark.identity
def test_silent_records_may_hold_anything() -> None:
    """6 yes, 2 no, 2 silent: from the lower end of 6 of 10 to the upper end of 8 of 10."""
    m = Census(np.array([1.0] * 6 + [0.0] * 2 + [np.nan] * 2)).measured()
    low = Census(np.array([1.0] * 6 + [0.0] * 4)).measured().low
    high = Census(np.array([1.0] * 8 + [0.0] * 2)).measured().high
    assert (m.value, m.low, m.high) == (0.75, low, high)
    assert Census(np.full(8, np.nan)).measured().low == 0.0
    paired = Census(np.array([1.0, 0.0, -1.0, 1.0]), least=-1.0).measured()
    halves = Census(np.array([1.0, 0.5, 0.0, 1.0])).measured()
    assert paired.value == 0.25
    assert (paired.low, paired.high) == pytest.approx((2 * halves.low - 1, 2 * halves.high - 1))


MEASURES = pd.DataFrame(
    {
        "stage_code": ["MUL", "MUL", "MUL", "BEF", "BEF", "AFT"],
        "model_primary": ["M10", "M10", "M10", "M02", "M03", "M09"],
        "start_date": pd.to_datetime(
            ["2021-05-01", "2012-05-01", None, "2014-01-01", "2016-01-01", "2020-01-01"]
        ),
        "service_info": [True, True, True, True, True, True],
        "service_counselling": [False, True, None, True, None, False],
        "service_language": [False, None, False, True, None, False],
        "service_vet_training": [False, False, False, None, False, False],
        "budget_eur": [50.0, 90.0, 90.0, 10.0, 50.0, 20.0],
        "benef_reached": [10, 10, 10, 10, 10, 10],
        "benef_placed": [None, 9, 9, 2, 4, 1],
        "budget_total": [50.0, 90.0, 90.0, 10.0, None, 0.0],
        "cost_overhead": [10.0, 19.0, None, 1.0, 50.0, 20.0],
    }
).convert_dtypes()
SLIDES = pd.DataFrame(
    {
        "stage_code": ["DUR"] * 5,
        "model_primary": ["M02", "M02", "M02", "M11", "M11"],
        "start_date": pd.to_datetime(["2020-01-01"] * 4 + ["2023-06-01"]),
        "end_date": pd.to_datetime([None, None, None, "2022-12-31", "2030-12-31"]),
        "target_sex": ["ALL", "ALL", "F", "ALL", "ALL"],
        "target_skill": ["ALL", None, None, "ALL", "ALL"],
        "return_sought": ["PERMANENT", "PERMANENT", "TEMPORARY", "NONE", None],
        "sustained_after_end": pd.array([None, None, None, False, None], dtype="boolean"),
        "lessons": ["Ask employers first.", " ", None, "Ask.", None],
    }
).convert_dtypes()


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        # one gives nothing else; counselling is something else; a blank may hold it
        ("C42", [1.0, 0.0, np.nan]),
        # the others began in 2014, 2016, 2020: half of them before 2016
        ("C43", [1.0, 0.0, np.nan]),
        # ten years to 2023-12-31, five of them lately: 2012 is not asked, one record is silent
        ("C44", [1.0, np.nan, 0.0, 0.0, 1.0]),
        # 2020 beside 2014: more; 2021 beside 2016: as much; the one without a start may hold anything
        ("C47", [1.0, 0.5, np.nan]),
        # a tenth beside two tenths; the later of the other pair does not say
        ("C50", [0.0, np.nan, np.nan]),
        # a fifth is not more than a fifth; a budget of 0 has no parts
        ("C27", [0.0, 1.0, np.nan, 0.0, np.nan, np.nan]),
        # language or vocation: one does, of the other language is not said; less counselling
        ("C37", [0.0, np.nan]),
    ],
)
def test_claims_about_measures_by_hand(claim: str, values: list[float]) -> None:
    found = CENSUS[claim](MEASURES, DAY)
    assert np.array_equal(found.values, values, equal_nan=True)


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        # for both sexes and all levels; a level that is not said; women alone
        ("C45", [1.0, np.nan, 0.0]),
        # one fund ended and did not go on, the other still runs
        ("C46", [1.0]),
        # two of five for good, one for a time, one asks for none, one does not say
        ("C48", [1.0, 1.0, 0.0, -1.0, np.nan]),
        # four began 24 months ago: a blank is no lesson
        ("C49", [0.0, 1.0, 1.0, 0.0]),
    ],
)
def test_what_the_slides_conclude_by_hand(claim: str, values: list[float]) -> None:
    found = CENSUS[claim](SLIDES, DAY)
    assert np.array_equal(found.values, values, equal_nan=True)


@pytest.mark.whole
@pytest.mark.property
def test_pairs_of_measures_keep_the_interval_of_a_share() -> None:
    """Amounts with a heavy tail and no trend, halves of unlike size: 0.5 is excluded in at most one
    of twenty registers."""
    rng, missed = np.random.default_rng(20261130), 0
    for _ in range(400):
        late = rng.random(60) < 0.3
        start = np.where(late, "2021-01-01", "2016-01-01")
        frame = pd.DataFrame({"start_date": pd.to_datetime(start)})
        found = CENSUS["C47"](frame.assign(budget_eur=rng.lognormal(13, 1.5, 60)), DAY).measured()
        missed += not found.low <= 0.5 <= found.high
    assert missed <= 400 / 20


@pytest.mark.identity
def test_a_register_has_the_numbers_of_the_inventory_tables(moldova: Evaluation) -> None:
    inventory = moldova.inventory
    assert inventory is not None
    rows = portfolio_rows(inventory.tree, pd.Timestamp(DAY))

    def row(indicator: str, group: str) -> float:
        found = rows[(rows["indicator"] == indicator) & (rows["group"] == group)]
        return float(found["value"].iloc[0])

    paid = row("destination-funded share of measures", "return measures (stage AFT)")
    assert census(inventory, "C12", DAY).measured().value == pytest.approx(paid)
    origin = row("origin-funded share of measures", "all measures")
    assert census(inventory, "C25", DAY).measured().value == pytest.approx(1 - origin)
    old = row("evaluated share, 24 months and older", "all")
    assert census(inventory, "C31", DAY).measured().value == pytest.approx(1 - old)
    done = moldova.evaluated & {"MDA-001", "MDA-003"}
    assert len(done) == 2  # of 58 measures, none of them evaluated on record
    with_ours = census(inventory, "C31", DAY, done).measured().value
    assert with_ours == pytest.approx(1 - old - 2 / 58)
    stages = {s: row("share of measures", f"stage {s}") for s in ("BEF", "DUR", "AFT", "MUL")}
    rival = max(v for s, v in stages.items() if s != "AFT")
    assert census(inventory, "C11", DAY).measured().value == pytest.approx(stages["AFT"] - rival)


@pytest.mark.identity
def test_gaps_have_the_estimates_of_the_survey_tables(moldova: Evaluation) -> None:
    by_status = moldova.indicators(by=("status",), which=("L3",))["L3.employment"]
    assert isinstance(by_status, Estimate)
    value = dict(zip(by_status.keys["status"].astype(str), by_status.value, strict=True))
    found = evidence(moldova, "C14")
    assert isinstance(found.found, Estimate)
    assert found.found.value[0] == pytest.approx(value["returnee"] - value["non-migrant"])
    assert [e.p for e in found.compared] == [1, 1]
    took = moldova.indicators(which=("L12",))["L12"]
    level = evidence(moldova, "C24").found
    assert isinstance(took, Estimate) and isinstance(level, Estimate)
    assert level.value[0] == took.value[0] and level.se[0] == pytest.approx(took.se[0], rel=1e-12)
    assert np.allclose(level.ends(), [end[:1] for end in took.ends()])


@pytest.mark.identity
def test_effects_have_the_estimates_of_the_impact_tables(moldova: Evaluation) -> None:
    p = moldova.params.impact
    mine = {e.measure: e.by_wave[p.main_outcome, p.main_wave] for e in moldova.effects}
    started = mine["MDA-001"]  # the one entrepreneurship measure with an effect
    found = evidence(moldova, "C18").found
    assert isinstance(started, Estimate) and isinstance(found, Estimate)
    assert found.value[0] == pytest.approx(started.value[0], rel=1e-12)
    assert found.se[0] == pytest.approx(started.se[0], rel=1e-9)


@pytest.mark.whole
@pytest.mark.identity
def test_net_benefit_is_that_of_a_lasting_main_effect(moldova: Evaluation) -> None:
    p = moldova.params.changed({"cost.job_year_value": 5000.0})
    priced = dataclasses.replace(moldova, params=p)
    assert not missing_fields(priced, ledger()["C28"])
    study = priced.tracing
    assert study is not None
    nets = []
    for effect in priced.effects:
        spent = money(priced, study, effect)
        worth = spent.worth if spent.scenario is None else spent.scenario
        if not isinstance(worth, NotEstimable):
            net = worth.net_benefit
            assert not isinstance(net, NotEstimable)
            nets.append(net[0])
    found = evidence(priced, "C28").found
    assert nets and isinstance(found, Estimate)
    assert found.value[0] == pytest.approx(np.mean(nets), rel=1e-9)


def test_what_cannot_be_had_says_why(found_for: dict[str, ClaimEvidence]) -> None:
    for id_ in ("C32", "C33", "C34"):
        found = found_for[id_].found
        assert isinstance(found, Evidence) and isinstance(found.found, NotEstimable)
        assert found.needed > 2
    assert found_for["C35"].found is None and "service_vet_training" in found_for["C35"].missing[0]
