"""Real data through the same params and chapters: published rates, an office's weights, a paper's
table, and a study whose true effect is zero.
"""

from pathlib import Path

import numpy as np
import pytest

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.evaluation import evaluate
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.study import Classical, by_method, lost, within
from mismes_eval.evaluation.survey import reproduced, survey
from mismes_eval.report.chapters import Context, impact
from mismes_eval.report.country import release
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules

pytestmark = [pytest.mark.shared, pytest.mark.golden]


def params(root: Path, shared: Path, name: str) -> Params:
    return Params.load(root / "params" / "real" / f"{name}.yaml", data_root=shared)


def test_chile_has_the_published_unemployment_and_names_its_lonely_strata(
    root: Path, shared: Path
) -> None:
    """INE release of January-March 2020: 8.2% and about 800 thousand; SE by linearisation with
    lonely strata contributing 0.
    """
    e = evaluate(params(root, shared, "CHL"))
    found = e.indicators(which=("L3",))
    rate, count = found["L3.unemployment"], found["L3.unemployed"]
    by_sex = e.indicators(by=("sex",), which=("L3",))["L3.unemployment"]
    assert isinstance(rate, Estimate)
    assert isinstance(count, Estimate)
    assert isinstance(by_sex, Estimate)
    assert rate.value[0] == pytest.approx(0.08229, abs=5e-6)
    assert rate.se[0] == pytest.approx(0.00213, abs=5e-6)
    assert count.value[0] == pytest.approx(801_800, abs=60)
    np.testing.assert_allclose(sorted(by_sex.value), [0.0713, 0.0971], atol=5e-5)
    assert len(e.survey.sample.design.lonely_strata) == 4
    assert "4 strata have one PSU" in " ".join(e.survey.sample.notes)


@pytest.mark.whole
def test_brazil_gets_the_office_weight_of_every_person(root: Path, shared: Path) -> None:
    """IBGE PNADC 2018 Q2: base weight x projected population / sum of base weights in 77 cells."""
    p = params(root, shared, "BRA")
    s = survey(p)
    assert s is not None
    found = reproduced(p, s)
    assert found is not None
    assert s.sample.n == 556_186
    assert found[1] < 1e-8


TABLE_4A_WOMEN = {
    "empl_06": (0.061, 0.024, 3),
    "pempl_06": (0.071, 0.025, 3),
    "days_06": (1.46, 0.620, 2),
    "hours_06": (3.41, 1.41, 2),
    "tenure_06": (-1.53, 0.632, 2),
    "salary_06": (39_369, 9_955, 0),
    "profit_06": (2_267.55, 3_588, 2),
}


def test_colombia_has_the_printed_loss_and_effects_with_both_standard_errors(
    root: Path, shared: Path
) -> None:
    """Attanasio, Kugler and Meghir (2011), Table 1 and Table 4A panel A (women); the printed errors
    are the classical ones. Self-employment earnings print 2,267 for 2,267.55.
    """
    s = evaluate(params(root, shared, "COL")).study
    assert s is not None
    for group, value, se in (("dwomen = 0", 0.0713, 0.0204), ("dwomen = 1", 0.0169, 0.0175)):
        robust, classic = lost(s, group)
        assert isinstance(classic, Classical)
        assert isinstance(robust, Estimate)
        assert (round(-classic.value, 4), round(classic.se, 4)) == (value, se)
        assert robust.value[0] == pytest.approx(classic.value, rel=1e-9)
    for outcome, (value, se, digits) in TABLE_4A_WOMEN.items():
        robust, classic = within(s, outcome, "dwomen = 1")
        assert isinstance(classic, Classical)
        assert classic.value == pytest.approx(value, abs=0.51 * 10**-digits)
        assert classic.se == pytest.approx(
            se, abs=0.51 * (1 if se > 100 else 0.001 if se < 1 else 0.01)
        )
        assert isinstance(robust, Estimate)
        assert robust.se[0] != pytest.approx(classic.se, rel=1e-3)
    robust, _ = within(s, "salary_06", "dwomen = 1")
    assert isinstance(robust, Estimate)
    # HC1 (linearmodels 7.1, cov_type="robust", debiased) times the design's m / (m - 1) of the
    # file's 3,957 rows instead of the n / (n - 1) of the 1,769 that were compared
    hc1 = 10_136.711842
    assert robust.se[0] == pytest.approx(hc1 * np.sqrt(3957 / 3956 * 1768 / 1769), rel=1e-8)


def test_lalonde_is_not_oversold(root: Path, shared: Path) -> None:
    """R DRDID 1.2.3: doubly robust -871.3271 (396.0211), improved -901.2703, normalised IPW
    -1021.6095, regression -1300.6446; the truth is 0.
    """
    e = evaluate(params(root, shared, "LALONDE"))
    assert e.study is not None
    found = by_method(e.study, "re78", "all")
    n = 16_417
    for name, value, se in (
        ("doubly robust", -871.32714914475, 396.021093584806),
        ("doubly robust, improved", -901.270306410084, 393.612680799397),
        ("inverse probability weighted, normalised", -1021.6094768552, 397.520072744132),
        ("outcome regression", -1300.64457589762, 349.825857879466),
    ):
        got = found[name]
        assert isinstance(got, Estimate)
        assert got.value[0] == pytest.approx(value, rel=1e-9)
        whole = e.study.sample.n
        assert got.se[0] / np.sqrt(whole / (whole - 1)) == pytest.approx(se, rel=1e-6)
        assert got.n[0] == n
    context = Context(e, Rules(), language("en"))
    released = release(context, {"impact": impact(context)})
    text = " ".join(i for i in released.chapters["impact"].items if isinstance(i, str))
    assert "the estimators disagree" in text
    assert "should be read as the effect" in text
