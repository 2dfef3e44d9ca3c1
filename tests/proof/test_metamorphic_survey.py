"""Changes of the file that must not change the answer, or change it in a known way: each relation
on six weighted samples and every estimator, at 1e-10.
"""

import importlib.util
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

_SPEC = importlib.util.spec_from_file_location(
    "survey_sets", Path(__file__).with_name("survey_sets.py")
)
assert _SPEC is not None and _SPEC.loader is not None
sets = importlib.util.module_from_spec(_SPEC)
sys.modules["survey_sets"] = sets
_SPEC.loader.exec_module(sets)
ESTIMATORS, LEVEL, SETS = sets.ESTIMATORS, sets.LEVEL, sets.SETS
CLOSE = 1e-10


@pytest.fixture(params=list(SETS))
def survey(request: pytest.FixtureRequest) -> object:
    return SETS[request.param]()


def same(
    a: me.Estimate, b: me.Estimate, scale: float = 1.0, shift: float = 0.0, what: str = ""
) -> None:
    """b is scale * a + shift, and its covariance follows."""
    assert a.names == b.names, what
    size = max(1.0, np.abs(a.value).max()) * abs(scale)
    np.testing.assert_allclose(
        b.value, scale * a.value + shift, rtol=CLOSE, atol=CLOSE * size, err_msg=what
    )
    zero = (1e-12 * size) ** 2  # a calibrated margin has no variance but rounding
    np.testing.assert_allclose(
        b.vcov,
        scale**2 * a.vcov,
        rtol=CLOSE,
        atol=CLOSE * np.abs(scale**2 * a.vcov).max() + zero,
        err_msg=what,
    )
    np.testing.assert_allclose(b.se**2, np.diag(b.vcov), rtol=CLOSE, atol=zero, err_msg=what)


def renamed(survey: object) -> pd.DataFrame:
    """PSUs and strata under codes of text."""
    f = survey.frame
    codes = {c: "unit é " + f[c].astype(str).str.zfill(8) for c in (survey.psu, survey.stratum)}
    return f.assign(**codes)


def of_other_types(survey: object) -> pd.DataFrame:
    """Numbers as floats or wide integers, 0/1 as booleans, text as categories, nullable columns."""
    f = survey.frame
    types = {"d": bool, "k": "Int64", "c": "category", "g": object, "w": "Float64"}
    return f.assign(**{column: f[column].astype(kind) for column, kind in types.items()})


def with_empty(survey: object, y: float) -> pd.DataFrame:
    """Rows of weight 0 in units that are there already, with any answers or none."""
    empty = survey.frame.iloc[:50].assign(w=0.0, y=y)
    return pd.concat([survey.frame, empty], ignore_index=True)


CHANGES: dict[str, Callable[[object], pd.DataFrame]] = {
    "rows in another order": lambda s: s.frame.sample(frac=1.0, random_state=5),
    "columns in another order": lambda s: s.frame[s.frame.columns[::-1]],
    "other codes of PSUs and strata": renamed,
    "other types": of_other_types,
    "another index": lambda s: s.frame.set_axis([f"row {i}" for i in range(len(s.frame))]),
    "each row in two halves": lambda s: pd.concat(
        [s.frame.assign(w=s.frame["w"] / 2)] * 2, ignore_index=True
    ),
    "rows without weight": lambda s: with_empty(s, 1e6),
    "rows without weight or answer": lambda s: with_empty(s, np.nan),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_leaves_every_answer(survey: object, change: str) -> None:
    changed = CHANGES[change](survey)
    assert not changed.equals(survey.frame)
    first, second = survey.make(survey.frame), survey.make(changed)
    for name in ESTIMATORS:
        same(ESTIMATORS[name](first), ESTIMATORS[name](second), what=name)


def test_an_integer_weight_is_that_many_rows() -> None:
    survey = SETS["clusters"]()
    first = survey.make(survey.frame)
    many = survey.frame.loc[survey.frame.index.repeat(survey.frame["w"].astype(int))].assign(w=1.0)
    second = survey.make(many)
    for name in ESTIMATORS:
        same(ESTIMATORS[name](first), ESTIMATORS[name](second), what=name)
    assert (
        ESTIMATORS["mean"](second).n[0] == survey.frame["w"].sum() > ESTIMATORS["mean"](first).n[0]
    )


@pytest.mark.parametrize(
    "name", [n for n, f in SETS.items() if f().free and n != "two stages with fpc"]
)
def test_weights_in_thousands(name: str) -> None:
    survey = SETS[name]()
    first, second = (
        survey.make(survey.frame),
        survey.make(survey.frame.assign(w=survey.frame["w"] / 1000)),
    )
    for estimator in ESTIMATORS:
        same(
            ESTIMATORS[estimator](first),
            ESTIMATORS[estimator](second),
            scale=0.001 if estimator.startswith("total") else 1.0,
            what=estimator,
        )


def test_outcome_in_other_units(survey: object) -> None:
    """y in cents, and then counted from another zero."""
    f = survey.frame
    first = survey.make(f)
    for scale, shift in ((100.0, 0.0), (1.0, 1e4), (-2.0, 7.0)):
        second = survey.make(f.assign(y=scale * f["y"] + shift))
        same(LEVEL["mean"](first), LEVEL["mean"](second), scale, shift, "mean")
        variances = [me.variance(s, "y").value for s in (first, second)]
        np.testing.assert_allclose(variances[1], scale**2 * variances[0], rtol=1e-8)
        if scale > 0:
            same(LEVEL["median"](first), LEVEL["median"](second), scale, shift, "median")
        if shift == 0:
            same(ESTIMATORS["total"](first), ESTIMATORS["total"](second), scale, what="total")
            same(ESTIMATORS["ratio"](first), ESTIMATORS["ratio"](second), scale, what="ratio")
        slope = me.ols(first, "y ~ x").select([1]), me.ols(second, "y ~ x").select([1])
        same(*slope, scale, what="slope")


def test_a_constant_has_no_error(survey: object) -> None:
    e = me.mean(survey.make(survey.frame.assign(y=4.25)), "y")
    assert e.value[0] == pytest.approx(4.25, rel=1e-14) and e.se[0] < 1e-12


def test_what_is_outside_the_domain_is_not_read(survey: object) -> None:
    f = survey.frame
    inside = f["g"] == f["g"].iloc[0]
    first = survey.make(f).where(inside)
    second = survey.make(f.assign(y=f["y"].where(inside), d=f["d"].where(inside, 1))).where(inside)
    for name in ("mean", "total", "ratio", "median", "shares"):
        same(ESTIMATORS[name](first), ESTIMATORS[name](second), what=name)


def test_list_single_and_by_agree(survey: object) -> None:
    s = survey.make(survey.frame)
    both = me.mean(s, ["y", "x"])
    for j, column in enumerate(("y", "x")):
        one = me.mean(s, column)
        np.testing.assert_allclose(
            [both.value[j], both.se[j]], [one.value[0], one.se[0]], rtol=CLOSE
        )
    by = me.mean(s, "y", by="g")
    for j, level in enumerate(by.keys["g"]):
        alone = me.mean(s.where(survey.frame["g"] == level), "y")
        np.testing.assert_allclose(
            [by.value[j], by.se[j]], [alone.value[0], alone.se[0]], rtol=CLOSE
        )


def test_domains_add_up_to_the_whole(survey: object) -> None:
    s = survey.make(survey.frame)
    parts, whole = me.total(s, "y", by="g"), me.total(s, "y")
    added = parts.contrast(dict.fromkeys(parts.names, 1.0))
    np.testing.assert_allclose(
        [added.value[0], added.se[0]], [whole.value[0], whole.se[0]], rtol=CLOSE
    )


def test_shares_add_up_to_one_without_error(survey: object) -> None:
    e = me.proportion(survey.make(survey.frame), "c")
    one = e.contrast(dict.fromkeys(e.names, 1.0))
    assert one.value[0] == pytest.approx(1, rel=1e-13) and one.se[0] < 1e-9 * e.se.max() + 1e-9


def test_a_share_and_its_complement(survey: object) -> None:
    f = survey.frame
    yes, no = me.mean(survey.make(f), "d"), me.mean(survey.make(f.assign(d=1 - f["d"])), "d")
    np.testing.assert_allclose([no.value[0], no.se[0]], [1 - yes.value[0], yes.se[0]], rtol=CLOSE)


def test_a_ratio_upside_down(survey: object) -> None:
    s = survey.make(survey.frame)
    a, b = me.ratio(s, "y", "x"), me.ratio(s, "x", "y")
    assert a.value[0] * b.value[0] == pytest.approx(1, rel=1e-13)
    if s.design.replicates is None:  # the coefficient of variation is the same to first order
        np.testing.assert_allclose(a.cv, b.cv, rtol=CLOSE)


def test_regression_on_groups_gives_their_means(survey: object) -> None:
    s = survey.make(survey.frame)
    means, cells = me.mean(s, "y", by="g"), me.ols(s, "y ~ 0 + g")
    np.testing.assert_allclose(cells.value, means.value, rtol=CLOSE)
    np.testing.assert_allclose(cells.vcov, means.vcov, rtol=1e-9, atol=1e-12)


def test_calibration_to_its_own_totals_changes_nothing(survey: object) -> None:
    s = survey.make(survey.frame)
    if s.design.replicates is not None:
        s = replace(s, design=replace(s.design, replicates=None))
    w = pd.Series(s.weights)
    own = {"c": w.groupby(s.frame["c"].to_numpy()).sum().to_dict()}
    for method in ("linear", "raking"):
        once = me.calibrate(s, own, method=method)
        np.testing.assert_allclose(once.weights, s.weights, rtol=1e-12)
        twice = me.calibrate(once, own, method=method)
        for name in ("mean", "total", "ols"):
            same(ESTIMATORS[name](once), ESTIMATORS[name](twice), what=name)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "dta", "sav"])
def test_the_format_of_the_file(survey: object, suffix: str, tmp_path: Path) -> None:
    f = (
        survey.frame.rename(columns={"class": "class_"})
        if suffix in ("dta", "sav")
        else survey.frame
    )
    file = tmp_path / f"survey.{suffix}"
    flags = {c: f[c].astype(int) for c in f.columns if f[c].dtype == bool}
    g = f.assign(**flags)
    if suffix == "csv":
        file.write_bytes(g.to_csv(index=False).encode())
        again = pd.read_csv(io.BytesIO(file.read_bytes()))
    elif suffix == "parquet":
        g.to_parquet(file)
        again = pd.read_parquet(file)
    elif suffix == "dta":
        g.to_stata(file, write_index=False, version=118)
        again = pd.read_stata(file)
    else:
        pyreadstat = pytest.importorskip("pyreadstat")
        pyreadstat.write_sav(
            g.assign(
                **{
                    c: g[c].astype(str)
                    for c in g.columns
                    if not pd.api.types.is_numeric_dtype(g[c])
                }
            ),
            str(file),
        )
        again = pyreadstat.read_sav(str(file))[0]
    again = again.assign(**{c: again[c].astype(bool) for c in flags}).rename(
        columns={"class_": "class"}
    )
    again = again.assign(
        **{
            c: again[c].astype(str)
            for c in ("psu", "stratum")
            if f[c].dtype == object or str(f[c].dtype).startswith("str")
        }
    )
    first, second = survey.make(survey.frame), survey.make(again)
    for name in ("mean", "total", "logit"):
        same(ESTIMATORS[name](first), ESTIMATORS[name](second), what=name)


@pytest.mark.slow
def test_one_thread_and_two() -> None:
    """Every estimator on every set, computed in processes of one and of two threads."""
    got = []
    for threads in ("1", "2"):
        env = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        answer = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("survey_sets.py"))],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        got.append(json.loads(answer.stdout))
    assert len(got[0]) == len(SETS) * len(ESTIMATORS) and got[0].keys() == got[1].keys()
    for key, (value, se) in got[0].items():
        np.testing.assert_allclose(got[1][key][0], value, rtol=CLOSE, atol=1e-12, err_msg=key)
        np.testing.assert_allclose(got[1][key][1], se, rtol=CLOSE, atol=1e-12, err_msg=key)


def test_stacked_and_alone(survey: object) -> None:
    """Estimates joined for a contrast keep their values, errors and covariances."""
    s = survey.make(survey.frame)
    a, b = me.mean(s, "y"), me.total(s, "d")
    joint = me.stack(a, b)
    np.testing.assert_allclose(joint.value, [a.value[0], b.value[0]], rtol=1e-15)
    np.testing.assert_allclose(joint.se, [a.se[0], b.se[0]], rtol=CLOSE)
    both = me.mean(s, ["y", "x"])
    np.testing.assert_allclose(
        me.stack(a, me.mean(s, "x")).vcov, both.vcov, rtol=CLOSE, atol=CLOSE * both.vcov.max()
    )
