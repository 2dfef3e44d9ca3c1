"""Advice follows what is there: without the data a design is refused with what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mismes_eval.cli import main
from mismes_eval.evaluation.advice import Advice, advice
from mismes_eval.evaluation.evaluation import Evaluation


@pytest.fixture(scope="module")
def whole(evaluated: Callable[[str], Evaluation]) -> Evaluation:
    return evaluated("MDA")


def of(found: list[Advice], word: str) -> Advice:
    return next(a for a in found if word in a.design)


def test_each_design_follows_the_data(whole: Evaluation, root: Path) -> None:
    found = advice(whole)
    assert of(found, "before and after").allowed == "yes"
    assert of(found, "lottery").allowed == "no" and "inputs.study" in of(found, "lottery").why
    assert of(found, "survey").allowed == "with care"
    assert "psu" not in of(found, "survey").why
    nothing = advice(replace(whole, tracing=None, rollout=None, survey=None))
    assert {a.allowed for a in nothing} == {"no"} and all(
        "needs" in a.why or "no " in a.why for a in nothing
    )
    for a in found:
        assert (root / "docs" / "methods" / f"{a.page}.md").is_file()


def test_few_psus_are_a_caution_and_fewer_a_no(whole: Evaluation) -> None:
    assert whole.tracing is not None
    panel = whole.tracing.panel
    for keep, allowed in ((5, "with care"), (2, "no")):
        psu = panel.sample.design.psu
        few = panel.where(psu < keep)
        found = advice(replace(whole, tracing=replace(whole.tracing, panel=few)))
        assert of(found, "before and after").allowed == allowed


def test_the_command_prints_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit):
        main(["advise", "MDA", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["design"] == "lottery or encouragement"
