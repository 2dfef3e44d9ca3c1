"""Verdicts on the planted claims of the made-up countries: what is planted true is not contradicted, what is planted false or null is not supported, and every claim of the ledger is computed on data."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.estimate.claim_verdict import ClaimAnswer, Measured, judge
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.claims.census import Census
from mismes_eval.evaluation.claims.ledger import FEATURES, ledger
from mismes_eval.evaluation.claims.persons import (
    EXPECTATIONS,
    NO_TRAINING,
    STARTUPS,
    TRAINING_LINKED,
    TRAINING_UNLINKED,
    Evidence,
)
from mismes_eval.evaluation.claims.testing import ClaimEvidence, put_to_the_test
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.synthetic import COUNTRIES
from mismes_eval.synthetic.planted_truth import truth_of

ROOT = Path(__file__).parents[2] / "data_raw"
WRONG = {"true": "contradicted", "false": "supported", "null": "supported"}
DECIDED = ("supported", "contradicted")


def planted(country: str) -> pd.DataFrame:
    table = pd.read_csv(ROOT / country / "claims_truth.csv", keep_default_na=False)
    return table.assign(planted=pd.to_numeric(table["planted"])).set_index("claim")


def answer(one: ClaimEvidence) -> ClaimAnswer | None:
    """The verdict before anything is hidden; None without a number."""
    claim = one.claim
    if isinstance(one.found, Census):
        measured = one.found.measured()
    elif one.found is not None and isinstance(one.found.found, Estimate):
        found = one.found.found
        low, high = found.ends()
        measured = Measured(found.value[0], low[0], high[0], doubtful=found.doubtful)
    else:
        return None
    return judge(measured, claim.direction, claim.threshold, claim.margin).answer


def test_the_planted_truth_follows_from_the_planted_number() -> None:
    seen = set()
    for country in COUNTRIES:
        truth = planted(country)
        assert list(truth.index) == list(ledger())
        for id_, row in truth.iterrows():
            assert row["truth"] == truth_of(ledger()[str(id_)], row["planted"]), (country, id_)
            assert (row["truth"] == "") == bool(np.isnan(row["planted"]))
        seen |= set(truth["truth"])
    assert seen >= {"true", "false", "null"}


def compared(country: str, evaluation: Evaluation) -> tuple[Counter[str], list[str]]:
    """How many verdicts there are on what is planted true, false or null, and the wrong ones."""
    tally: Counter[str] = Counter()
    wrong = []
    truth = planted(country)
    for one in put_to_the_test(evaluation):
        row = truth.loc[one.claim.id]
        if row["truth"] and one.claim.evidence != FEATURES:
            assert not one.missing, (country, one.claim.id)
        found = answer(one)
        if found is None or row["truth"] not in WRONG:
            continue
        tally["with a number"] += 1
        tally["decided"] += found in DECIDED
        if found == WRONG[row["truth"]]:
            wrong.append(f"{country} {one.claim.id}")
    return tally, wrong


def test_no_verdict_on_moldova_is_wrong(evaluated: Callable[[str], Evaluation]) -> None:
    tally, wrong = compared("MDA", evaluated("MDA"))
    assert tally["with a number"] > 25 and tally["decided"] > 10
    assert not wrong


def scored(evaluation: Evaluation, **columns: dict[str, object]) -> Evaluation:
    """The same run with other cells of its register: column -> measure -> value."""
    frame = evaluation.inventory.frame
    told = frame["measure_id"].astype(str)
    changed = {
        name: frame[name].mask(told.isin(cells), told.map(cells)).astype(frame[name].dtype)
        for name, cells in columns.items()
    }
    register = dataclasses.replace(evaluation.inventory, frame=frame.assign(**changed))
    return dataclasses.replace(evaluation, inventory=register)


def att(country: str) -> pd.Series:
    """Planted effects on employment at the main wave by measure."""
    truth = pd.read_csv(ROOT / country / "truth.csv")
    rows = truth[truth["outcome"].eq("employed") & truth["wave"].eq(3)]
    return rows.set_index("measure_id")["att"]


def of_claim(evaluation: Evaluation, id_: str) -> ClaimEvidence:
    return next(one for one in put_to_the_test(evaluation) if one.claim.id == id_)


def test_training_is_compared_by_its_link_to_jobs(evaluated: Callable[[str], Evaluation]) -> None:
    """Moldova follows training with and without a link: the difference of effects is that of
    truth.csv, within its interval."""
    one = of_claim(evaluated("MDA"), "C07")
    assert isinstance(one.found, Evidence) and isinstance(one.found.found, Estimate)
    low, high = one.found.found.ends()
    planted_gap = att("MDA")["MDA-002"] - att("MDA")["MDA-001"]
    assert planted("MDA").loc["C07", "planted"] == pytest.approx(planted_gap, abs=1e-4)
    assert low[0] < planted_gap < high[0]


@pytest.mark.whole
def test_a_link_to_jobs_can_be_decided(evaluated: Callable[[str], Evaluation]) -> None:
    """Were both measures of Tunisia training, the planted distance is true, and it is supported."""
    tunisia = scored(
        evaluated("TUN"),
        service_vet_training={"TUN-002": True},
        linked_job_offer={"TUN-001": 3, "TUN-002": 0},
    )
    assert truth_of(ledger()["C07"], att("TUN")["TUN-001"] - att("TUN")["TUN-002"]) == "true"
    assert answer(of_claim(tunisia, "C07")) == "supported"


@pytest.mark.whole
@pytest.mark.parametrize(
    ("claim", "cells", "lacking"),
    [
        ("C07", {"linked_job_offer": {"MDA-001": 3}}, (TRAINING_UNLINKED,)),
        ("C07", {"linked_job_offer": {"MDA-002": 1}}, (TRAINING_LINKED,)),
        ("C18", {"model_primary": {"MDA-001": "M09"}}, (STARTUPS,)),
        ("C35", {}, (NO_TRAINING,)),
        ("C03", {"stage_code": {"MDA-002": "AFT"}}, (EXPECTATIONS,)),
    ],
)
def test_what_measures_do_not_differ_in_cannot_be_tested(
    evaluated: Callable[[str], Evaluation],
    claim: str,
    cells: dict[str, dict[str, object]],
    lacking: tuple[str, ...],
) -> None:
    one = of_claim(scored(evaluated("MDA"), **cells), claim)
    assert one.missing == lacking and one.found is None


@pytest.mark.slow
def test_verdicts_agree_with_the_planted_truth(evaluated: Callable[[str], Evaluation]) -> None:
    """Over all countries at most one in twenty verdicts is wrong."""
    tally: Counter[str] = Counter()
    wrong: list[str] = []
    for country in COUNTRIES:
        counted, not_so = compared(country, evaluated(country))
        tally += counted
        wrong += not_so
    assert tally["with a number"] > 100 and tally["decided"] > 40
    assert len(wrong) <= tally["with a number"] / 20, wrong
