"""Tables by groups: one value that cannot be had leaves the others, names are told apart, and the
file's dtype never changes a number. The reference values are R survey 4.1's (tests/estimate/README
of the shared cases: oracle.R).
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.errors import EstimateError


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 240
    frame = pd.DataFrame(
        {
            "w": rng.uniform(20, 90, n),
            "region": np.repeat(list("ABCD"), 60),
            "psu": np.repeat(np.arange(24), 10),
            "sex": rng.choice(["F", "M"], n),
            "age": rng.integers(15, 80, n),
            "hours": rng.integers(1, 60, n),
        }
    )
    frame["emp"] = (rng.random(n) < 0.4).astype(int)
    frame["inc"] = 100 + 10 * frame["age"] - 0.1 * frame["age"] ** 2 + rng.normal(0, 9, n)
    return frame


def sample(frame: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(frame, weights="w", strata="region", psu="psu")


@pytest.mark.golden
@pytest.mark.shared
def test_a_ratio_without_denominator_leaves_the_other_rows(shared: Path) -> None:
    s = sample(pd.read_csv(shared / "cases/survey/ratio_zero_denominator.csv"))
    e = me.ratio(s, "un", "lf", by="grp")
    np.testing.assert_allclose([e.value[0], e.se[0]], [0.147047511, 0.0167460231], rtol=1e-8)
    assert np.isnan(e.value[1]) and np.isnan(e.se[1])
    assert any("grp=60+" in note and note.startswith("Not estimable") for note in e.notes)
    alone = e.contrast({e.names[0]: 1.0})
    np.testing.assert_allclose([alone.value[0], alone.se[0]], [e.value[0], e.se[0]], rtol=1e-12)
    assert np.isnan(e.contrast({e.names[0]: 1.0, e.names[1]: -1.0}).value[0])


@pytest.mark.identity
def test_replicates_of_a_ratio_leave_the_other_rows(people: pd.DataFrame) -> None:
    frame = people.assign(lf=np.where(people["sex"] == "F", 1, 0), un=people["emp"])
    frame["un"] *= frame["lf"]
    r = me.replicates(sample(frame), "jackknife")
    both = me.ratio(r, "un", "lf", by="sex")
    one = me.ratio(r.where(frame["sex"] == "F"), "un", "lf")
    np.testing.assert_allclose([both.value[0], both.se[0]], [one.value[0], one.se[0]], rtol=1e-12)
    assert np.isnan(both.se[1])


@pytest.mark.identity
def test_survival_of_a_group_that_was_not_observed_as_long(people: pd.DataFrame) -> None:
    frame = people.assign(time=np.where(people["sex"] == "F", 5, 12), end=people["emp"])
    e = me.survival(sample(frame), "time", "end", by="sex", times=[4, 10])
    one = me.survival(sample(frame).where(frame["sex"] == "M"), "time", "end", times=[4, 10])
    assert np.isnan(e.value[1]) and "sex=F" in e.notes[-1]
    np.testing.assert_allclose(e.value[2:], one.value, rtol=1e-12)
    np.testing.assert_allclose(e.se[2:], one.se, rtol=1e-12)


@pytest.mark.parametrize("name", ["level", "value", "se", "n", "degf", "variable", "ci_low"])
def test_a_group_named_like_a_column_of_the_table(people: pd.DataFrame, name: str) -> None:
    table = me.mean(sample(people.rename(columns={"sex": name})), "inc", by=name).to_frame()
    assert table.columns.is_unique
    assert table[f"by_{name}"].tolist() == ["F", "M"]


@pytest.mark.parametrize("codes", [(1, "1"), (2.0, "2"), ("A", "A "), ("A", "A\u200b")])
def test_one_code_in_two_spellings_is_refused(
    people: pd.DataFrame, codes: tuple[object, object]
) -> None:
    group = people["region"].map({"A": codes[0], "B": codes[1], "C": "x", "D": "y"}).astype(object)
    s = sample(people.assign(g=group))
    for attempt in (
        lambda: me.mean(s, "inc", by="g"),
        lambda: me.proportion(s, "g"),
        lambda: me.rao_scott(s, "g", "sex"),
        lambda: me.ols(s, "inc ~ g"),
        lambda: me.ols(s, "inc ~ C(g)"),
    ):
        with pytest.raises(EstimateError, match=r"two spellings: column 'g'"):
            attempt()


@pytest.mark.identity
def test_columns_may_be_named_by_numbers(people: pd.DataFrame) -> None:
    named = sample(people.rename(columns={"inc": 2020, "hours": 2021, "sex": 7}))
    plain = sample(people)
    for number, text in (
        (me.mean(named, 2020), me.mean(plain, "inc")),
        (me.mean(named, [2020, 2021], by=7), me.mean(plain, ["inc", "hours"], by="sex")),
        (me.ratio(named, 2020, 2021), me.ratio(plain, "inc", "hours")),
        (me.quantile(named, 2020, 0.5), me.quantile(plain, "inc", 0.5)),
        (me.proportion(named, 7), me.proportion(plain, "sex")),
    ):
        np.testing.assert_array_equal(number.value, text.value)
        np.testing.assert_array_equal(number.se, text.se)


@pytest.mark.identity
def test_objects_of_true_and_false_mean_yes_and_no(people: pd.DataFrame) -> None:
    s = sample(people)
    o = sample(people.assign(emp=(people["emp"] == 1).astype(object)))
    for verb in (
        lambda s: me.mean(s, "emp"),
        lambda s: me.proportion(s, "emp"),
        lambda s: me.ratio(s, "emp", "hours"),
        lambda s: me.logit(s, "emp ~ age"),
        lambda s: me.ols(s, "inc ~ emp * age"),
        lambda s: me.adjusted_gap(s, "inc", "emp", ["age"]),
    ):
        a, b = verb(s), verb(o)
        np.testing.assert_allclose(a.value, b.value, rtol=1e-13)
        np.testing.assert_allclose(a.se, b.se, rtol=1e-12)


@pytest.mark.golden
@pytest.mark.parametrize("interval", ["logit", "beta"])
def test_nobody_of_n_has_an_exact_upper_limit(people: pd.DataFrame, interval: str) -> None:
    """Clopper-Pearson at n (t_{n-1} / t_df)^2, n = 240, df = 20 (Korn and Graubard; NCHS 2017)."""
    size = 240 * (stats.t.ppf(0.975, 239) / stats.t.ppf(0.975, 20)) ** 2
    upper = 1 - 0.025 ** (1 / size)
    none = me.proportion(sample(people.assign(x=0)), "x", interval=interval).on_design_df().ci()  # type: ignore[arg-type]
    np.testing.assert_allclose(none.to_numpy()[0], [0.0, upper], rtol=1e-9)
    everybody = (
        me.proportion(sample(people.assign(x=1)), "x", interval=interval).on_design_df().ci()
    )  # type: ignore[arg-type]
    np.testing.assert_allclose(everybody.to_numpy()[0], [1 - upper, 1.0], rtol=1e-9)


@pytest.mark.golden
@pytest.mark.shared
def test_design_effects_of_weights_of_mean_1(shared: Path) -> None:
    """R survey: svyby(~inc, ~sex, svymean, deff="replace") of weights over their mean."""
    frame = pd.read_csv(shared / "cases/survey/people.csv")
    counts, scaled = sample(frame), sample(frame.assign(w=frame["w"] / frame["w"].mean()))
    expected = [2.082583507, 0.766901748]
    np.testing.assert_allclose(me.mean(scaled, "inc", by="sex").deff, expected, rtol=1e-8)
    np.testing.assert_allclose(
        me.mean(counts, "inc", by="sex").deff_replacement, expected, rtol=1e-8
    )
    overall = me.mean(scaled, "inc")
    np.testing.assert_allclose(overall.deff, me.mean(counts, "inc").deff_replacement, rtol=1e-9)
    assert any("population counts" in note for note in scaled.notes)
    assert not any("population counts" in note for note in counts.notes)


@pytest.mark.golden
@pytest.mark.shared
def test_degrees_of_freedom_of_a_small_domain_of_replicates(shared: Path) -> None:
    """R survey: svymean(~inc, subset(as.svrepdesign(b, "JKn"), uid %in% c(1, 11, 21)))."""
    frame = pd.read_csv(shared / "cases/survey/people.csv")
    r = me.replicates(sample(frame), "jackknife")
    assert r.degf == 36
    e = me.mean(r.where(frame["uid"].isin([1, 11, 21])), "inc")
    np.testing.assert_allclose([e.value[0], e.se[0]], [319.4027, 16.23115], rtol=1e-6)
    np.testing.assert_allclose(
        e.on_design_df().ci().to_numpy()[0], [249.565688, 389.239667], rtol=1e-8
    )


def test_a_domain_that_is_empty_in_some_replicates_says_so(people: pd.DataFrame) -> None:
    frame = people.assign(rare=np.where(people["psu"] == 3, "rare", "common"))
    e = me.mean(me.replicates(sample(frame), "jackknife"), "inc", by="rare")
    assert np.isnan(e.se[1]) and np.isfinite(e.se[0])
    assert "empty in 1 of 24 replicates" in e.notes[-1] and "rare=rare" in e.notes[-1]


DTYPES = tuple(
    (
        "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 Int8 UInt8 Int64 "
        "UInt64 Float32 Float64 int8[pyarrow] uint8[pyarrow] int64[pyarrow] uint64[pyarrow] "
        "float[pyarrow] double[pyarrow] object"
    ).split()
)


@pytest.mark.identity
@pytest.mark.parametrize("kind", DTYPES)
def test_every_dtype_gives_what_float64_gives(people: pd.DataFrame, kind: str) -> None:
    columns = ["age", "hours", "emp"]
    s = sample(people.assign(**{c: people[c].astype("float64") for c in columns}))
    t = sample(people.assign(**{c: people[c].astype(kind) for c in columns}))
    for verb in (
        lambda s: me.ols(s, "inc ~ age + I(age**2) + age:hours + np.log(hours)"),
        lambda s: me.ols(s, "I(hours - age) ~ C(emp) + {age * hours * hours}"),
        lambda s: me.logit(s, "emp ~ age * hours"),
        lambda s: me.poisson(s, "hours ~ age + I(age**3)"),
        lambda s: me.mean(s, ["age", "hours", "emp"], by="emp"),
        lambda s: me.total(s, "age", by="sex"),
        lambda s: me.proportion(s, "emp", by="sex"),
        lambda s: me.ratio(s, "age", "hours", by="sex"),
        lambda s: me.quantile(s, "age", [0.1, 0.5]),
        lambda s: me.variance(s, "hours", by="emp"),
        lambda s: me.survival(s, "hours", "emp", times=[10, 20]),
        lambda s: me.adjusted_gap(s, "age", "emp", ["hours"]),
        lambda s: me.oaxaca_blinder(s, "age", "emp", ["hours"]),
        lambda s: me.reweighted_gap(s, "age", "emp", ["hours"]),
    ):
        a, b = verb(s), verb(t)
        assert a.names == b.names or kind == "object" or "by" not in a.names
        np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
        np.testing.assert_allclose(a.se, b.se, rtol=1e-10)


@pytest.mark.identity
def test_estimators_are_methods_of_a_sample_too(people: pd.DataFrame) -> None:
    s = sample(people)
    for method, verb in (
        (s.mean("emp", by="sex"), me.mean(s, "emp", by="sex")),
        (s.total(["emp", "inc"]), me.total(s, ["emp", "inc"])),
        (s.proportion("sex", interval="beta"), me.proportion(s, "sex", interval="beta")),
        (s.ratio("emp", "hours", by="sex"), me.ratio(s, "emp", "hours", by="sex")),
        (s.quantile("inc", [0.1, 0.5], by="sex"), me.quantile(s, "inc", [0.1, 0.5], by="sex")),
        (s.variance("inc"), me.variance(s, "inc")),
        (s.ols("inc ~ age"), me.ols(s, "inc ~ age")),
        (s.logit("emp ~ age"), me.logit(s, "emp ~ age")),
        (s.poisson("hours ~ age"), me.poisson(s, "hours ~ age")),
        (
            s.survival("hours", "emp", times=[5.0, 20.0]),
            me.survival(s, "hours", "emp", times=[5.0, 20.0]),
        ),
    ):
        pd.testing.assert_frame_equal(method.to_frame(), verb.to_frame())
    assert isinstance(s.where(people["age"] > 999).mean("inc"), me.NotEstimable)


def test_wrong_keywords_of_methods_end_in_the_line_that_works(people: pd.DataFrame) -> None:
    s = sample(people)
    for verb, refused in ((s.mean, me.EstimateError), (s.trim, me.DesignError)):
        with pytest.raises(refused, match=re.escape(f"sample.where(mask).{verb.__name__}(...)")):
            verb("emp", where=people["age"] > 30)
    with pytest.raises(me.EstimateError, match=re.escape("Did you mean by=?")):
        s.mean("emp", bye="sex")


@pytest.mark.identity
@pytest.mark.parametrize("name", ["1", "0", "Intercept", "a`b", "self", "", "x ~ y", "C(sex)"])
def test_a_column_may_be_named_by_anything(people: pd.DataFrame, name: str) -> None:
    people = people.assign(man=people["sex"] == people["sex"].iloc[0])
    named, plain = sample(people.rename(columns={"hours": name})), sample(people)
    for one, other in (
        (
            me.adjusted_gap(named, "inc", "man", [name]),
            me.adjusted_gap(plain, "inc", "man", ["hours"]),
        ),
        (me.mean(named, name, by="sex"), me.mean(plain, "hours", by="sex")),
    ):
        np.testing.assert_array_equal(one.value, other.value)
        np.testing.assert_array_equal(one.se, other.se)


def test_groups_keep_their_name_beside_the_times_of_a_curve(people: pd.DataFrame) -> None:
    s = sample(people.assign(time=people["sex"], spell=1.0 + np.arange(len(people)) % 9, end=1))
    by_time = me.survival(s, "spell", "end", by="time", times=[2.0]).keys
    assert by_time["by_time"].tolist() == sorted(people["sex"].unique())
    assert by_time["time"].tolist() == [2.0] * 2


def test_categories_without_an_order_stand_in_that_of_their_words(people: pd.DataFrame) -> None:
    level = {value: Level(value) for value in people["region"].unique()}
    boxed = me.mean(sample(people.assign(region=people["region"].map(level))), "inc", by="region")
    np.testing.assert_array_equal(boxed.value, me.mean(sample(people), "inc", by="region").value)


class Level:
    """A value that can be hashed and not sorted."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __str__(self) -> str:
        return self.word
