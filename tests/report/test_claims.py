"""Verdicts on claims in reports and over countries: made of published cells, none for a hidden one, the missing field by name, and the same record for page, synthesis and command line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from mismes_eval.cli import claims as cli_claims
from mismes_eval.cli.claims import command
from mismes_eval.errors import ParamsError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.claims.census import interval
from mismes_eval.evaluation.claims.ledger import ledger
from mismes_eval.evaluation.claims.overall import overall
from mismes_eval.evaluation.claims.persons import evidence
from mismes_eval.evaluation.evaluation import Evaluation
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


def test_every_claim_has_a_verdict(moldova: Made) -> None:
    found = records(moldova)
    assert list(found) == list(ledger())
    answers = {r["answer"] for r in found.values()}
    assert answers == {"supported", "contradicted", "undecided"}
    assert not any(record["missing"] for record in found.values())
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
    verdict = effect_verdict(evaluation, evaluation.effects[at], evaluation.doubts[at])
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


def number(id_: str, value: float, se: float, n: float = 500.0) -> dict[str, Any]:
    return {
        "id": id_,
        "answer": "undecided",
        "missing": [],
        "value": value,
        "se": se,
        "n": n,
        "doubtful": False,
    }


@pytest.mark.identity
def test_over_countries_samples_are_pooled_by_random_effects() -> None:
    values, errors = [-0.09, -0.11, -0.10], [0.01, 0.012, 0.011]
    countries = [
        report(c, number("C14", v, s))
        for c, v, s in zip(("ARM", "GEO", "MDA"), values, errors, strict=True)
    ]
    found = {o.claim.id: o for o in overall(countries, ())}
    mean = random_effects(values, errors)
    span = found["C14"].verdict.span
    assert (span.value, span.low, span.high) == pytest.approx((-mean.value, -mean.high, -mean.low))
    assert found["C14"].verdict.answer == "supported" and found["C14"].countries == 3
    assert found["C14"].answers["undecided"] == 3
    alone = {o.claim.id: o for o in overall(countries[:1], ())}["C14"]
    assert alone.verdict.answer == "undecided" and not alone.verdict.span.known


def test_a_number_whose_persons_are_not_told_is_pooled_without_saying_what_would_decide() -> None:
    values = {"ARM": -0.06, "GEO": 0.05, "MDA": -0.04}
    counted = [report(c, number("C14", v, 0.05)) for c, v in values.items()]
    silent = [report(c, number("C14", v, 0.05) | {"n": None}) for c, v in values.items()]
    known, unknown = (
        {o.claim.id: o for o in overall(countries, ())}["C14"].verdict
        for countries in (counted, silent)
    )
    assert known.answer == unknown.answer == "undecided" and known.span == unknown.span
    assert np.isfinite(known.needed) and np.isnan(unknown.needed)


@pytest.mark.identity
def test_over_countries_registers_are_one_register() -> None:
    def share(yes: int, answered: int, silent: int) -> dict[str, Any]:
        record = number("C26", yes / answered, 0.0, answered + silent) | {"se": None}
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
    assert {"5 percentage points", "1 percentage point", "100 currency units"} <= said
    assert np.all([claim.margin > 0 for claim in ledger().values()])
