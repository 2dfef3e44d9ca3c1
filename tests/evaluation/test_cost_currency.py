"""Costs in another currency: converted at a rate that is named, or refused; never a label alone."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import mismes_eval as me
from mismes_eval.evaluation.idle_keys import idle
from mismes_eval.evaluation.money import money

from ..some import some

RATE = 0.05102041  # euro for one leu of 2023, data_raw/MDA/lfs_rate.csv


def params(root: Path, folder: Path, cost: str) -> me.Params:
    """The run of MDA with another section on costs."""
    text = (root / "params" / "MDA.yaml").read_text(encoding="utf-8")
    (folder / "params").mkdir()
    shutil.copytree(root / "data_raw" / "MDA", folder / "data_raw" / "MDA")
    file = folder / "params" / "MDA.yaml"
    other = re.sub(r"^cost:\n(  .*\n)+", "", text, flags=re.MULTILINE)
    file.write_text(f"{other}\ncost: {cost}\n", encoding="utf-8")
    return me.Params.load(file)


@pytest.mark.whole
def test_costs_are_converted_at_the_rate_of_the_year(
    root: Path, tmp_path: Path, evaluated: Callable[[str], me.Evaluation]
) -> None:
    euro = evaluated("MDA")
    priced = params(root, tmp_path, "{currency: MDL, price_year: 2023}")
    leu = replace(euro, params=priced, kept={})
    for found, other in some(zip(euro.effects[:1], leu.effects[:1], strict=True)):
        assert euro.tracing is not None and leu.tracing is not None
        one, two = money(euro, euro.tracing, found), money(leu, leu.tracing, other)
        for a, b in ((one.cost, two.cost), (one.completer, two.completer)):
            assert isinstance(a, me.Estimate) and isinstance(b, me.Estimate)
            assert float(b.value[0]) == pytest.approx(float(a.value[0]) / RATE, rel=1e-12)
            assert float(b.se[0]) == pytest.approx(float(a.se[0]) / RATE, rel=1e-12)
            assert (a.unit, b.unit) == ("EUR", "MDL")


@pytest.mark.parametrize(("currency", "told"), [("EUR", 1), ("MDL", 0)])
def test_rates_without_a_survey_are_of_costs_or_of_nothing(
    root: Path, currency: str, told: int
) -> None:
    named = me.Params.load(root / "params" / "MDA.yaml")
    changed = named.changed({"inputs.lfs": None, "cost.currency": currency})
    assert [p.where.endswith("'inputs.rates'") for p in idle(changed)].count(True) == told
    assert not any(p.where.endswith("'inputs.rates'") for p in idle(named))


@pytest.mark.whole
@pytest.mark.parametrize(
    ("cost", "got"),
    [
        ("{currency: MDL}", "MDL, no year"),
        pytest.param("{currency: MDL, price_year: 2019}", "MDL, 2019", marks=pytest.mark.slow),
        pytest.param("{currency: GEL, price_year: 2023}", "GEL, 2023", marks=pytest.mark.slow),
        pytest.param("{price_year: 2023}", "nothing to act on", marks=pytest.mark.slow),
    ],
)
def test_a_currency_without_its_rate_is_refused(
    root: Path, tmp_path: Path, cost: str, got: str
) -> None:
    with pytest.raises(me.InputError) as refused:
        me.evaluate(params(root, tmp_path, cost))
    (problem,) = refused.value.problems
    assert got in str(problem) and "key 'cost." in str(problem)
