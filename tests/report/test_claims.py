"""Verdicts on claims in reports and over countries: made of published cells, none for a hidden one, the missing field by name, and the same record for page, synthesis and command line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import special, stats

from mismes_eval.cli import claims as cli_claims
from mismes_eval.cli.claims import command
from mismes_eval.errors import ParamsError
from mismes_eval.estimate.claim_verdict import ANSWERS, ClaimVerdict
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.claims.census import interval
from mismes_eval.evaluation.claims.ledger import Claim, ledger
from mismes_eval.evaluation.claims.overall import OverallClaim, overall
from mismes_eval.evaluation.claims.persons import evidence
from mismes_eval.evaluation.claims.pooling import mean_of, size_of
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.features import feature_contrasts
from mismes_eval.evaluation.published_effects import Published as Report
from mismes_eval.impact.planning.meta_analysis import random_effects
from mismes_eval.report.chapters import Context
from mismes_eval.report.chapters.base import Chapter
from mismes_eval.report.chapters.claims import (
    ClaimsTable,
    claims,
    facts,
    verdicts_of,
    with_verdicts,
)
from mismes_eval.report.chapters.verdicts import effect_verdict
from mismes_eval.report.country import Released, release
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import TextTable
from mismes_eval.report.figures import Figure
from mismes_eval.report.synthesis.published import Origin

Made = tuple[Context, Mapping[str, Chapter], Released]


def made(evaluation: Evaluation, rules: Rules) -> Made:
    """The chapter on claims alone, released."""
    context = Context(evaluation, rules, language("en"))
    released = release(context, {"claims": claims(context)})
    return dataclasses.replace(context, published=released.published), released.chapters, released


@pytest.fixture(scope="module")
def moldova(evaluated: Callable[[str], Evaluation]) -> Made:
    return made(evaluated("MDA"), Rules())


def records(one: Made) -> dict[str, dict[str, Any]]:
    return {str(r["id"]): r for r in facts(one[0], one[1])}


@pytest.mark.whole
def test_every_claim_has_a_verdict(moldova: Made) -> None:
    found = records(moldova)
    assert list(found) == list(ledger())
    answers = {r["answer"] for r in found.values()}
    assert answers == set(ANSWERS)
    assert [id_ for id_, record in found.items() if record["missing"]] == ["C51", "C49", "C35"]
    json.dumps(list(found.values()), allow_nan=False)
    found = records(made(dataclasses.replace(moldova[0].evaluation, survey=None), Rules()))
    for record in found.values():
        assert (record["answer"] == "cannot be tested") == bool(record["missing"])
    assert found["C14"]["why"] == "missing: lfs_person"


@pytest.mark.identity
def test_a_verdict_is_that_of_the_estimate(moldova: Made) -> None:
    estimate = evidence(moldova[0].evaluation, "C14").found
    assert isinstance(estimate, Estimate)
    low, high = estimate.ends()
    record = records(moldova)["C14"]
    ends = (record["distance"], record["distance_low"], record["distance_high"])
    assert ends == pytest.approx((-estimate.value[0], -high[0], -low[0]))
    expected = "contradicted" if -low[0] < 0.05 else "supported" if -high[0] > 0 else "undecided"
    assert record["answer"] == expected


@pytest.mark.identity
def test_an_effect_has_the_interval_of_its_headline(moldova: Made) -> None:
    """C18 is the effect of the one entrepreneurship measure."""
    evaluation = moldova[0].evaluation
    at = [effect.measure for effect in evaluation.effects].index("MDA-001")
    verdict = effect_verdict(evaluation, evaluation.effects[at])
    assert verdict is not None and verdict.span.width > verdict.own.width
    record = records(moldova)["C18"]
    ends = (verdict.span.low, verdict.span.high)
    assert (record["low"], record["high"]) == pytest.approx(ends, rel=1e-9)


def test_the_page_has_verdicts_numbers_and_a_picture(moldova: Made) -> None:
    context, chapters, _ = moldova
    said, picture, verdicts, numbers = with_verdicts(context, chapters)["claims"].items
    assert isinstance(verdicts, TextTable) and isinstance(numbers, ClaimsTable)
    assert isinstance(picture, Figure) and len(verdicts.frame) == len(ledger())
    told = dict(zip(ledger(), verdicts.frame["Verdict"], strict=True))
    assert told == {k: r["answer"] for k, r in records(moldova).items()}
    shown = set(numbers.cells.loc[numbers.cells["status"] == "shown", "row"])
    assert set(picture.data["label"]) == shown
    assert isinstance(said, str) and f"Of {len(ledger())} claims" in said
    for name in ("supported", "contradicted"):
        ids = [claim for claim, verdict in told.items() if verdict == name]
        assert f"{len(ids)} " in said and f"{name} ({', '.join(ids) or 'none'})" in said


def test_a_hidden_number_has_no_verdict(moldova: Made) -> None:
    """Where every group of persons is too small, nothing of persons is told; measures are none."""
    hidden = made(moldova[0].evaluation, Rules(min_cell=100_000, min_mean=100_000))
    found, open_ones = records(hidden), records(moldova)
    decided = ("supported", "contradicted")
    assert open_ones["C14"]["answer"] in decided and open_ones["C10"]["answer"] in decided
    for id_, claim in ledger().items():
        record = found[id_]
        if claim.evidence == "inventory":
            assert record["answer"] == open_ones[id_]["answer"]
            continue
        assert record["answer"] not in decided, id_
        assert record["value"] is record["distance"] is record["low"] is None
        assert record["needed"] is None or claim.evidence == "features"
        assert record["said"] == "–"
    assert not any(v.verdict.span.known for v in verdicts_of(*hidden[:2]) if not v.register)


def test_a_run_without_evidence_says_so(evaluated: Callable[[str], Evaluation]) -> None:
    bare = dataclasses.replace(evaluated("MDA"), survey=None, tracing=None, inventory=None)
    context, chapters, _ = made(bare, Rules())
    assert facts(context, chapters) == []
    (said,) = with_verdicts(context, chapters)["claims"].items
    assert isinstance(said, str) and said.startswith("Not supplied")


def report(country: str, *claims: Mapping[str, Any]) -> Report:
    return Report(country, True, {"claims": list(claims)})


def number(id_: str, value: float, se: float, n: float = 500.0, of: str = "") -> dict[str, Any]:
    half = float(special.ndtri(0.975)) * se
    return {
        "id": id_,
        "answer": "undecided",
        "missing": [],
        "value": value,
        "low": value - half,
        "high": value + half,
        "se": se,
        "n": n,
        "of": of,
        "doubtful": False,
    }


def over_all(*numbers: dict[str, Any]) -> OverallClaim:
    """Numbers of one claim, each of another country, together."""
    countries = [report(f"C{at}", one) for at, one in enumerate(numbers)]
    return {o.claim.id: o for o in overall(countries, ())}[numbers[0]["id"]]


@pytest.mark.identity
def test_over_countries_samples_are_pooled_by_random_effects() -> None:
    values, errors = [-0.09, -0.11, -0.10], [0.01, 0.012, 0.011]
    found = over_all(*(number("C14", v, s) for v, s in zip(values, errors, strict=True)))
    mean = random_effects(values, errors, interval="hartung_knapp_adhoc")
    span = found.verdict.span
    assert (span.value, span.low, span.high) == pytest.approx((-mean.value, -mean.high, -mean.low))
    assert found.verdict.answer == "supported" and found.countries == 3
    assert found.answers["undecided"] == 3
    alone = over_all(number("C14", values[0], errors[0]))
    assert alone.verdict.answer == "undecided" and not alone.verdict.span.known


def test_effects_are_pooled_with_the_interval_with_which_their_reports_speak() -> None:
    """Design errors alone would support the claim; the wider intervals of the headlines do not."""
    narrow = [number("C35", v, 0.01, of="employed") for v in (0.08, 0.10, 0.09)]
    wide = [one | {"low": one["value"] - 0.15, "high": one["value"] + 0.15} for one in narrow]
    assert over_all(*narrow).verdict.answer == "supported"
    assert over_all(*wide).verdict.answer == "undecided"
    assert not over_all(*(one | {"high": None} for one in narrow)).verdict.span.known


def test_numbers_of_different_things_are_not_put_together() -> None:
    euro, lei = (number("C28", 400.0, 20.0, of=currency) for currency in ("EUR", "MDL"))
    assert over_all(euro, lei).verdict.reason.values["reason"] == (
        "the countries' numbers are of different things: EUR, MDL"
    )
    assert over_all(euro, euro).verdict.answer == "contradicted"


PERSONAL = ("survey", "tracer", "costs")
OPPOSITE = [0.2, -0.2] * 10


@pytest.mark.parametrize("claim", [c for c in ledger().values() if c.evidence in PERSONAL])
def test_opposite_numbers_that_are_sure_never_decide_by_their_mean(claim: Claim) -> None:
    """Twenty countries, ten on each side: their mean is near 0 with a short interval."""
    at = [claim.threshold + 10 * claim.margin * side for side in OPPOSITE]
    found = over_all(*(number(claim.id, v, claim.margin / 10) for v in at))
    if claim.direction:
        assert found.verdict.answer == "undecided"
        assert found.verdict.reason.values == {"ahead": 10, "against": 10}
        assert found.pooled is not None and found.pooled.i2 > 0.9
    else:
        assert found.verdict.answer == "supported"
        assert found.verdict.span.value == pytest.approx(2 * claim.margin, rel=0.01)


def test_no_mean_stands_against_what_one_country_surely_has() -> None:
    """Nine countries without a gap and one with a gap of four margins, on either side."""
    none = [number("C14", 0.0, 0.004) for _ in range(9)]
    assert over_all(*none).verdict.answer == "contradicted"
    assert over_all(*none, number("C14", -0.2, 0.004)).verdict.answer == "undecided"
    there = [number("C14", -0.12, 0.03) for _ in range(9)]
    assert over_all(*there).verdict.answer == "supported"
    assert over_all(*there, number("C14", 0.02, 0.005)).verdict.answer == "undecided"


def factor_effects(
    gaps: list[float], half: float = 0.0196, outcome: str = "employed"
) -> pd.DataFrame:
    """Main effects of two measures a country, of which one involves employers; gap between them.
    half : half the interval with which reports speak of them.
    """
    rows = [
        {
            "country": f"C{at}",
            "measure": f"C{at}-{score}",
            "model": "M01",
            "employer_involved": score,
            "qual_attention": np.nan,
            "expectation_mgmt": np.nan,
            "value": 0.05 + gap * (score > 0),
            "se": 0.01,
        }
        for at, gap in enumerate(gaps)
        for score in (0, 3)
    ]
    told = {"main": True, "status": "shown", "unit_of_outcome": "share", "outcome": outcome}
    made = pd.DataFrame(rows).assign(months=24.0, design="panel", **told)
    return made.assign(ci_low=made["value"] - half, ci_high=made["value"] + half)


@pytest.mark.whole
def test_success_factors_on_both_sides_do_not_cancel() -> None:
    def verdict(gaps: list[float], half: float = 0.0196, outcome: str = "employed") -> ClaimVerdict:
        asked = {"id": "C32", "answer": "undecided", "missing": [], "value": None}
        features = tuple(feature_contrasts(factor_effects(gaps, half, outcome)))
        found = overall([report("C0", asked)], features)
        return next(one.verdict for one in found if one.claim.id == "C32")

    assert verdict([0.11, 0.12, 0.10, 0.13, 0.09, 0.10, 0.12, 0.11]).answer == "supported"
    # less debt is success; of an outcome of which nobody says what is better nothing is claimed
    for sign, answer in ((1, "contradicted"), (-1, "supported")):
        assert verdict([sign * 0.1] * 8, outcome="debt").answer == answer
    assert verdict([0.1] * 8, outcome="unknown").answer == "undecided"
    assert verdict([0.0, 0.01, -0.01, 0.0, 0.01, 0.0, -0.01, 0.0]).answer == "contradicted"
    opposite = verdict([0.1, -0.1] * 20)
    assert opposite.answer == "undecided" and opposite.reason.values["against"] == 20
    # all shift by the same, so the spread is told by the intervals with which reports speak alone
    assert verdict([0.06] * 8).answer == "supported"
    assert verdict([0.06] * 8, half=0.3).answer == "undecided"


def test_registers_on_both_sides_do_not_cancel() -> None:
    def register(yes: int, of: int) -> dict[str, Any]:
        made = interval(float(yes), of, 0, (0.0, 1.0))
        ends = {"low": made.low, "high": made.high, "se": None}
        return number("C26", yes / of, 1.0, of) | ends | {"silent": 0, "least": 0.0, "most": 1.0}

    assert over_all(register(150, 300), register(150, 300)).verdict.answer == "contradicted"
    both = over_all(register(250, 300), register(50, 300))
    assert both.pooled is not None and both.pooled.i2 > 0.95
    silent = register(0, 300) | {"value": None, "silent": 300}
    assert over_all(register(250, 300), silent).verdict.answer == "undecided"
    opposite = both.verdict
    assert opposite.answer == "undecided" and opposite.reason.values["ahead"] == 1


@pytest.mark.golden
def test_a_size_by_noncentral_chi_squared_and_a_mean_by_metafor() -> None:
    """R 4: uniroot over pchisq(t, 3, ncp); metafor 4: rma(test = "adhoc"), predict."""
    size = size_of([0.05, -0.04, 0.03], [0.01, 0.012, 0.02], 0.0, 1.0).measured
    assert (size.value, size.low, size.high) == pytest.approx(
        (0.04264471161, 0.02892891042, 0.05745358529)
    )
    mean = mean_of([-0.09, 0.02, -0.05, -0.11], [0.02, 0.03, 0.025, 0.04], 1.0)
    made = mean.measured
    assert (made.value, made.low, made.high) == pytest.approx(
        (-0.05648657, -0.14517943, 0.03220629), rel=1e-5
    )
    half = (0.11631828 + 0.22929142) / 2 * stats.t.ppf(0.975, 2) / stats.t.ppf(0.975, 3)
    assert mean.next_country[1] - made.value == pytest.approx(half, rel=1e-4)


def test_what_would_decide_is_counted_in_countries() -> None:
    """Two countries that agree: a t with one degree of freedom leaves all open; a third decides."""
    pair = [number("C14", v, 0.012) for v in (-0.09, -0.10)]
    found = over_all(*pair)
    assert found.verdict.answer == "undecided" and found.units == "countries"
    assert found.verdict.needed == 3
    assert over_all(*pair, number("C14", -0.095, 0.012)).verdict.answer == "supported"
    spread = over_all(*(number("C14", v, 0.05) for v in (-0.06, 0.05, -0.04)))
    assert spread.verdict.needed > 3 or np.isnan(spread.verdict.needed)


@pytest.mark.identity
def test_over_countries_registers_are_one_register() -> None:
    def share(yes: int, answered: int, silent: int) -> dict[str, Any]:
        record = number("C26", yes / answered, 0.0, answered + silent)
        record |= {"se": None, "low": None, "high": None}
        return record | {"silent": silent, "least": 0.0, "most": 1.0}

    countries = [report("ARM", share(30, 36, 4)), report("GEO", share(40, 50, 0))]
    span = {o.claim.id: o for o in overall(countries, ())}["C26"].verdict.span
    together = interval(70.0, 86, 4, (0.0, 1.0))
    ends = (together.value - 0.5, together.low - 0.5, together.high - 0.5)
    assert (span.value, span.low, span.high) == pytest.approx(ends)


def test_registers_too_small_for_a_number_count_over_all(moldova: Made) -> None:
    small = {str(r["id"]): r for r in facts(moldova[0], moldova[1])}["C08"]
    assert small["answer"] == "undecided" and small["low"] is None and small["n"] == 2
    one = {o.claim.id: o for o in overall([report("MDA", small)], ())}["C08"].verdict
    assert one.needed == 5 and not one.span.known
    many = {o.claim.id: o for o in overall([report(c, small) for c in "ABC"], ())}["C08"]
    together = interval(3 * 2 * small["value"], 6, 0, (0.0, 1.0))
    assert many.countries == 3 and many.verdict.span.high == pytest.approx(together.high - 0.5)


def test_a_field_that_all_countries_lack_is_named_over_all() -> None:
    lacking = {
        "id": "C08",
        "answer": "cannot be tested",
        "missing": ["inventory.sector"],
        "value": None,
    }
    found = {o.claim.id: o for o in overall([report("ARM", lacking), report("GEO", lacking)], ())}
    assert found["C08"].verdict.answer == "cannot be tested"
    assert found["C08"].verdict.reason == "missing: inventory.sector"
    assert overall([Report("ARM", True, {})], ()) == ()


def test_the_command_prints_what_the_report_published(
    moldova: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published = facts(moldova[0], moldova[1])
    told: dict[str, Any] = {"claims": published}

    def read(out: Path, names: list[str]) -> list[Origin]:
        assert (out, names) == (tmp_path.resolve(), ["MDA"])
        return [Origin("MDA", "MDA", True, "", "", "", told)]

    monkeypatch.setattr(cli_claims, "read_published", read)
    run = CliRunner().invoke(command, ["MDA", "--out", str(tmp_path), "--json"])
    assert run.exit_code == 0 and json.loads(run.output) == published
    text = CliRunner().invoke(command, ["MDA", "--out", str(tmp_path)]).output
    assert all(f"{id_} " in text and c.claim in text for id_, c in ledger().items())
    quiet = CliRunner().invoke(command, ["MDA", "--out", str(tmp_path), "--quiet"]).output
    assert "undecided" not in quiet and "supported" in quiet
    told.clear()
    failed = CliRunner().invoke(command, ["MDA", "--out", str(tmp_path)])
    assert isinstance(failed.exception, ParamsError)


def test_margins_are_said_in_their_unit(moldova: Made) -> None:
    context, chapters, _ = moldova
    table = with_verdicts(context, chapters)["claims"].items[2]
    assert isinstance(table, TextTable)
    said = set(table.frame["What would matter"])
    assert {"5 percentage points", "1 percentage point", "100 EUR"} <= said
    assert np.all([claim.margin > 0 for claim in ledger().values()])
