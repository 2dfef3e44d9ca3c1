"""What a clerk must know to mend a file in one go: every key, zero weights beside negative ones,
codes among values, a unit with nearly all of a total, treatment that ends, waves that lack.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import NAMED, DesignError, IdentificationError, InputError, named
from mismes_eval.evaluation.demands import _gaps
from mismes_eval.evaluation.readiness import _inventory_lines
from mismes_eval.frame import check, references, template
from mismes_eval.frame.strange_cells import strange_cells, strange_weights


def test_every_key_is_named_once_and_the_rest_counted() -> None:
    assert named(["b", "a", "b", 3]) == "b, a, 3"
    many = named(range(NAMED + 1_700))
    assert many.startswith("0, 1, 2") and many.endswith(f"{NAMED - 1} and 1,700 more")


def test_names_of_columns_among_the_rows_are_one_problem(tmp_path: Path) -> None:
    once = pd.DataFrame({"measure_id": ["A", "B"], "text": ["x", "y"], "n": [1, 2]})
    names = pd.DataFrame([once.columns], columns=once.columns)
    twice = pd.concat([once, names, once], ignore_index=True)
    files = tmp_path / "t.csv", tmp_path / "t.xlsx"
    twice.to_csv(files[0], index=False)
    twice.to_excel(files[1], index=False)
    for file in files:
        for named_by in (None, "inventory_index"):
            with pytest.raises(InputError) as error:
                me.frame.read(file, template=named_by)
            (found,) = error.value.problems
            assert (found.what, found.rows) == ("rows of names among the data", (4,))
    once[["n"]].astype(str).replace("2", "n").to_csv(files[0], index=False)
    assert me.frame.read(files[0]).frame["n"].tolist() == ["1", "n"]


def test_all_ids_of_repeated_and_unknown_keys_are_named() -> None:
    ids = [f"P{k:02d}" for k in range(12)]
    frame = pd.DataFrame({"id": ids * 2, "w": 1.0})
    with pytest.raises(DesignError) as design:
        me.Sample.from_frame(frame, weights="w", unit="id")
    assert all(i in str(design.value) for i in ids)
    child, parent = pd.DataFrame({"id": ids}), pd.DataFrame({"key": ids[:2]})
    (problem,) = references(child, "id", parent, "key")
    assert all(repr(i) in problem.got for i in ids[2:]) and "'P00'" not in problem.got
    persons = pd.DataFrame({"person_id": ids * 2})
    found = check(persons, template("tracer_person")).problems
    (twice,) = [p for p in found if p.what == "duplicated key"]
    assert all(i in twice.got for i in ids)
    with pytest.raises(InputError) as linked:
        me.lfs.link_check(
            pd.DataFrame({"id": ids * 2, "round": 1, "sex": 1, "age": 30}),
            "id",
            "round",
            "sex",
            "age",
        )
    assert all(i in str(linked.value) for i in ids)


def test_zero_weights_are_named_beside_negative_ones() -> None:
    frame = pd.DataFrame({"w": [1.0, 0.0, -2.0, 0.0]})
    with pytest.raises(DesignError) as error:
        me.Sample.from_frame(frame, weights="w")
    assert "negative weights" in str(error.value) and "2 rows have weight 0" in str(error.value)
    with pytest.raises(DesignError) as none:
        me.Sample.from_frame(pd.DataFrame({"w": [1.0, -2.0]}), weights="w")
    assert "weight 0" not in str(none.value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (np.arange(20, 60), 9999),
        (np.arange(20.0, 60.0), 999),
        (np.arange(1, 41) * 100, 99999),
        (np.arange(0, 40), -9),
        (np.arange(0, 1000, 10), 998),
    ],
)
def test_codes_among_values_are_named(value: np.ndarray, code: int) -> None:
    rows = np.r_[value, np.full(12, code)]
    (said,) = strange_cells(pd.DataFrame({"x": rows}))
    assert "'x'" in said and f"{code} in 12 rows" in said
    assert strange_cells(pd.DataFrame({"x": value})) == ()


def test_values_that_only_look_like_codes_are_not_named() -> None:
    pay = np.arange(9_000, 11_000)
    assert strange_cells(pd.DataFrame({"pay": pay, "id": np.arange(2000), "sex": pay % 2})) == ()
    assert strange_cells(pd.DataFrame({"change": np.arange(-50, 50)})) == ()


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_one_unit_with_nearly_all_of_a_total_is_named_whatever_the_dtype(dtype: str) -> None:
    budget = pd.Series([1_000_000_000] + [1_000 + k for k in range(8)], dtype=dtype)
    (said,) = strange_cells(pd.DataFrame({"budget": budget}))
    assert said.startswith("Row 1 has 100.0% of the total")
    assert strange_cells(pd.DataFrame({"budget": budget.iloc[1:]})) == ()
    (weight,) = strange_weights(np.r_[1e9, np.full(30, 100.0)])
    assert weight.startswith("Row 1 has")


def long(ends: int) -> me.Sample:
    """30 units over five periods, a third treated from the third; `ends` of them leave again."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        [(i, t, 3 * (i % 3 == 0), rng.normal()) for i in range(30) for t in range(1, 6)],
        columns=["id", "t", "start", "y"],
    )
    leaves = frame["id"].isin([3 * k for k in range(ends)]) & (frame["t"] == 5)
    treated = (frame["start"] > 0) & (frame["t"] >= 3) & ~leaves
    return me.Sample.from_frame(frame.assign(w=1.0, d=treated.astype(int)), weights="w")


def test_group_time_effects_see_treatment_that_ends() -> None:
    said = [str(n) for n in me.att_gt(long(4), "y", "start", time="t", unit="id").estimate.notes]
    assert any("switches off" in n and "'d'" in n and "4 units" in n for n in said)
    stays = [str(n) for n in me.att_gt(long(0), "y", "start", time="t", unit="id").estimate.notes]
    assert not any("switches off" in n for n in stays)


def test_a_path_given_as_the_cohort_is_refused_with_the_units_that_leave() -> None:
    with pytest.raises(IdentificationError) as error:
        me.att_gt(long(4), "y", "d", time="t", unit="id")
    assert "In 4 units it goes back to never: treatment switches off" in str(error.value)


@pytest.mark.parametrize(
    ("waves", "gone"),
    [
        ((0, 1, 3), "2"),
        ((1, 2, 5, 6), "3, 4"),
        ((0, 1, 2), ""),
        ((0, 6, 12, 24), ""),
        (("a", "b"), ""),
    ],
)
def test_waves_that_nobody_has_are_named(waves: tuple[object, ...], gone: str) -> None:
    lines = _gaps(SimpleNamespace(panel=SimpleNamespace(waves=waves)))  # type: ignore[arg-type]
    assert bool(lines) == bool(gone)
    assert all(f"in wave {gone}," in line for line in lines)


def test_wholes_that_are_not_counted_are_named() -> None:
    frame = pd.DataFrame({"measure_id": list("abcd"), "parent_id": [None, "a", "a", None]})
    frame["title_en"] = ["A", "B", "C", "D"]
    counted = pd.Series([False, True, True, True])
    inventory = SimpleNamespace(frame=frame, counted=counted)
    lines = [*_inventory_lines(inventory)]  # type: ignore[arg-type]
    assert lines[0] == "inventory: 4 measures"
    assert "3 measures are counted" in lines[1] and "the parts of a are" in lines[1]


def test_what_nobody_sees_is_named() -> None:
    frame = pd.DataFrame(
        {"region": ["A", "A\u200b", "\ufeffA", "B"], "note": ["x" * 10_000] + ["y"] * 3}
    )
    first, second = strange_cells(frame)
    assert "'region'" in first and "2 rows" in first
    assert "'note'" in second and "1 rows" in second and "10,000" in second


def test_years_that_stand_for_open_are_named() -> None:
    text = pd.DataFrame({"end": ["9999-12-31", "2024-01-01", None], "start_ym": ["2024-01"] * 3})
    (said,) = strange_cells(text)
    assert "'end'" in said and "9999" in said and "1 rows" in said
    assert strange_cells(pd.DataFrame({"end": pd.to_datetime(["2024-01-01"])})) == ()


def test_strata_without_weight_are_named() -> None:
    strata = pd.Series(["a", "a", "b", "b"])
    rows, said = strange_weights(np.array([1.0, 2.0, 0.0, 0.0]), strata)
    assert "2 of 4 rows have weight 0 (rows 3, 4)" in rows
    assert "nobody has weight: 1 (b)" in said
    assert strange_weights(np.ones(4), strata) == ()


def test_letters_of_another_encoding_and_labels_that_look_alike_are_named() -> None:
    broken, alike = strange_cells(
        pd.DataFrame({"place": ["Chișinău", "ChiÈ™inÃ£u"], "region": ["North", "NORTH "]})
    )
    assert "'place'" in broken and "1 rows" in broken
    assert "'North', 'NORTH '" in alike
    assert strange_cells(pd.DataFrame({"pid": ["A-1", "A1"], "p": ["São", "Łódź"]})) == ()
