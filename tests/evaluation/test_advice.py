"""Advice follows what is there: without the data a design is refused with what is missing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import mismes_eval as me
from mismes_eval.cli import main
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.advice import Advice, advice
from mismes_eval.evaluation.evaluation import Evaluation


@pytest.fixture(scope="module")
def whole(evaluated: Callable[[str], Evaluation]) -> Evaluation:
    return evaluated("MDA")


def of(found: list[Advice], word: str) -> Advice:
    return next(a for a in found if word in a.design)


@pytest.mark.whole
def test_each_design_follows_the_data(whole: Evaluation, root: Path) -> None:
    found = advice(whole)
    assert of(found, "before and after").allowed == "yes"
    assert of(found, "lottery").allowed == "no" and "inputs.study" in of(found, "lottery").why
    assert of(found, "survey").allowed == "with care"
    assert "psu" not in of(found, "survey").why
    nothing = advice(replace(whole, tracing=None, rollout=None, survey=None))
    assert {a.allowed for a in nothing} == {"no"}
    assert all("needs" in a.why or "no " in a.why for a in nothing)
    assert of(found, "dose").allowed == of(found, "comes and goes").allowed == "with care"
    assert "earnings" in of(found, "missing").why
    for a in found:
        assert a.params.partition(":")[0] in {"lottery", "impact", "rollout", "designs"}
        assert (root / "docs" / "methods" / f"{a.page}.md").is_file()


def test_few_psus_are_a_caution_and_fewer_a_no(whole: Evaluation) -> None:
    panel = whole.tracing.panel
    for keep, allowed in ((5, "with care"), (2, "no")):
        psu = panel.sample.design.psu
        few = panel.where(psu < keep)
        found = advice(replace(whole, tracing=replace(whole.tracing, panel=few)))
        assert of(found, "before and after").allowed == allowed


@pytest.mark.usefixtures("read_before")
def test_the_command_prints_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit):
        main(["advise", "MDA", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["design"] == "lottery or encouragement"


@pytest.mark.slow
def test_its_lines_are_lines_of_the_params(whole: Evaluation, root: Path, tmp_path: Path) -> None:
    lines = [a.params for a in advice(whole) if a.params.startswith("designs: {")]
    inner = ", ".join(line.removeprefix("designs: {").removesuffix("}") for line in lines)
    text = (root / "params" / "MDA.yaml").read_text(encoding="utf-8")
    (tmp_path / "params").mkdir()
    file = tmp_path / "params" / "MDA.yaml"
    file.write_text(f"{text}\ndesigns: {{{inner}}}\n", encoding="utf-8")
    found = me.evaluate(me.Params.load(file, data_root=root))
    assert [b.design for b in found.beside] == list(found.params.designs.named)
    assert len(lines) == 5 and not any(isinstance(b.effect, NotEstimable) for b in found.beside)
