"""A survey read in partitions gives the numbers of the survey read whole; what a cell cannot know is
refused.
"""

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import mismes_eval as me

N = 6000
BY, VALUES = ["sex", "age", "d", "t"], ["income", "net", "hours", "employed", "gap"]
DESIGN = {"weights": "w", "psu": "psu", "strata": "stratum"}
TOTALS = {
    "sex": {"F": 80_000.0, "M": 79_000.0},
    "age": {0: 40_000.0, 1: 40_000.0, 2: 39_500.0, 3: 39_500.0},
}


@pytest.fixture(scope="module")
def persons() -> pd.DataFrame:
    """Persons in 90 PSUs; hours, incomes and signs that cells mix; a tenth without `gap`."""
    rng = np.random.default_rng(1)
    psu = rng.integers(0, 90, N)
    frame = pd.DataFrame({"psu": psu, "stratum": psu // 15, "w": rng.uniform(1, 50, N)})
    frame["sex"] = rng.choice(["F", "M"], N)
    frame["age"] = rng.integers(0, 4, N)
    frame["d"] = psu % 3 == 0
    frame["t"] = rng.choice(["2019", "2021"], N)
    frame["income"] = rng.gamma(2, 100, N) * (rng.random(N) < 0.7) + 10 * frame["d"]
    frame["net"] = rng.normal(0, 10, N)
    frame["hours"] = rng.integers(0, 60, N) * (rng.random(N) < 0.8)
    frame["employed"] = frame["hours"] > 0
    frame["gap"] = np.where(rng.random(N) < 0.1, np.nan, frame["net"])
    frame.loc[frame.index[:40], "w"] = 0.0
    return frame


def in_parts(frame: pd.DataFrame, parts: int) -> me.PartitionedSample:
    """Shuffled and dealt out."""
    mixed = frame.sample(frac=1, random_state=parts)
    each = (mixed.iloc[rows] for rows in np.array_split(np.arange(len(mixed)), parts))
    return me.PartitionedSample.from_frames(each, by=BY, values=VALUES, **DESIGN)


@pytest.fixture(scope="module")
def whole(persons: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(persons, **DESIGN)


@pytest.fixture(scope="module")
def parts(persons: pd.DataFrame) -> me.PartitionedSample:
    return in_parts(persons, 5)


def same(left: me.Estimate, right: me.Estimate) -> None:
    """Names, values, errors, degrees of freedom, persons and intervals."""
    assert left.names == right.names
    for of in ("value", "se", "degf", "n"):
        np.testing.assert_allclose(getattr(left, of), getattr(right, of), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(left.ci(), right.ci(), rtol=1e-10, atol=1e-10)


WEIGHTS = {
    "base": (lambda s: s, lambda s: s),
    "raked": (lambda s: me.calibrate(s, TOTALS, "raking"), lambda s: s.calibrate(TOTALS, "raking")),
    "bounded": (
        lambda s: me.calibrate(s, TOTALS, bounds=(0.5, 2)),
        lambda s: s.calibrate(TOTALS, bounds=(0.5, 2)),
    ),
    "by cells": (
        lambda s: me.poststratify(s, "sex", TOTALS["sex"]),
        lambda s: s.poststratify("sex", TOTALS["sex"]),
    ),
}
ESTIMATES = {
    "total": lambda s: s.total(["income", "net"], "sex"),
    "mean": lambda s: s.mean(["income", "net", "employed", "d"], ["sex", "age"]),
    "ratio": lambda s: s.ratio("income", "hours", "age"),
    "ratio of mixed signs": lambda s: s.ratio("income", "net"),
    "proportion": lambda s: s.proportion("age", "sex"),
    "domain": lambda s: s.where(s.frame["age"] > 1).mean("income"),
}
EFFECTS = {"sections": ("income", "t"), "changes": (("net", "income"), None)}


@pytest.mark.parametrize("weight", WEIGHTS)
def test_estimates_are_those_of_the_whole(weight, whole, parts):
    of_whole, of_parts = WEIGHTS[weight]
    one, other = of_whole(whole), of_parts(parts)
    for estimate in ESTIMATES.values():
        same(estimate(one), estimate(other))


@pytest.mark.parametrize("method", ["dr", "dr_improved", "ipw", "or", "none"])
@pytest.mark.parametrize("layout", EFFECTS)
def test_effects_are_those_of_the_whole(layout, method, whole, parts):
    outcome, time = EFFECTS[layout]
    covariates = () if method == "none" else ("sex",)
    one = me.att_2x2(me.calibrate(whole, TOTALS), outcome, "d", time, covariates, method=method)
    other = parts.calibrate(TOTALS).att_2x2(outcome, "d", time, covariates, method)
    same(one, other)
    assert one.notes == other.notes  # the persons of each arm among them


def test_any_way_of_dealing_out_gives_the_same(persons):
    one, other = in_parts(persons, 2), in_parts(persons, 11)
    same(one.mean(["income", "net"], "sex"), other.mean(["income", "net"], "sex"))
    assert one.persons == other.persons == N


def test_several_stages_and_finite_populations(persons):
    frame = persons.assign(house=persons.index % 7, all_psus=60.0, all_houses=40.0)
    design = {"weights": "w", "psu": ["psu", "house"], "fpc": ["all_psus", "all_houses"]}
    one = me.Sample.from_frame(frame, strata="stratum", **design)
    other = me.PartitionedSample.from_frames(
        [frame.iloc[:2000], frame.iloc[2000:]], strata="stratum", values="income", **design
    )
    same(me.mean(one, "income"), other.mean("income"))


def test_what_is_missing_is_left_out_by_name_only(whole, parts):
    with pytest.raises(me.EstimateError, match=r"known\('gap'\)") as refused:
        parts.mean("gap")
    gone = whole.frame["gap"].isna() & (whole.frame["w"] > 0)
    assert refused.value.problems[0].count == gone.sum()
    same(
        whole.where(whole.frame["gap"].notna()).mean("gap", "sex"),
        parts.known("gap").mean("gap", "sex"),
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.mean("net", by="income"),
        lambda s: s.proportion("income"),
        lambda s: s.calibrate({"income": 5.0}),
        lambda s: s.calibrate({("sex", "income"): {("F", 1.0): 5.0}}),
        lambda s: s.poststratify("income", {1.0: 5.0}),
        lambda s: s.att_2x2("net", "employed", "t"),
        lambda s: s.att_2x2("net", "d", "income"),
        lambda s: s.att_2x2("net", "d", "t", ["hours"]),
    ],
)
def test_a_mean_is_not_taken_for_each_persons_value(call, parts):
    with pytest.raises(me.EstimateError, match="needs each person's value"):
        call(parts)


def test_no_verb_of_persons_takes_cells(parts):
    with pytest.raises(me.MismesError, match="takes a Sample"):
        me.quantile(parts, "income", 0.5)
    with pytest.raises(me.MismesError, match="takes a Sample"):
        me.trim(parts, upper=5.0)


def test_what_is_wrong_is_named_with_its_partition(persons):
    frames = [persons.iloc[:3000], persons.iloc[3000:].copy()]
    frames[1].iloc[7, frames[1].columns.get_loc("w")] = -1.0
    frames[1].iloc[9, frames[1].columns.get_loc("net")] = np.inf
    with pytest.raises(me.DesignError) as refused:
        me.PartitionedSample.from_frames(frames, by=BY, values=VALUES, **DESIGN)
    told = {problem.where: problem for problem in refused.value.problems}
    assert set(told) == {"column 'w'", "column 'net'"}
    assert told["column 'w'"].rows == ("frame 2, row 7",)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda frame: frame.drop(columns="age"), "column 'age'"),
        (lambda frame: frame.assign(age=frame["age"].astype(str)), "column 'age'"),
        (lambda frame: frame.assign(income="much"), "column 'income'"),
        (lambda frame: frame.assign(stratum=frame["stratum"] + 1), "columns 'psu' and 'stratum'"),
    ],
)
def test_partitions_that_do_not_fit_together(spoil, named, persons):
    frames = [persons.iloc[:3000], spoil(persons.iloc[3000:])]
    with pytest.raises(me.DesignError) as refused:
        me.PartitionedSample.from_frames(frames, by=BY, values=VALUES, **DESIGN)
    assert named in {problem.where for problem in refused.value.problems}


def test_arguments_that_cannot_be_meant(persons):
    for arguments in ({"psu": None}, {"by": ["income"]}, {"values": ["income", "w"]}):
        with pytest.raises(me.DesignError):
            me.PartitionedSample.from_frames(
                [persons], **({"by": BY, "values": VALUES} | DESIGN | arguments)
            )
    with pytest.raises(me.DesignError, match="no person"):
        me.PartitionedSample.from_frames([], **DESIGN)


@pytest.fixture(scope="module")
def folder(persons: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of three row groups each."""
    folder = tmp_path_factory.mktemp("survey")
    for number, rows in enumerate(np.array_split(np.arange(N), 2)):
        table = pa.Table.from_pandas(persons.iloc[rows], preserve_index=False)
        parquet.write_table(table, folder / f"part-{number}.parquet", row_group_size=1000)
    return folder


def test_a_folder_of_parquet_files(folder, parts):
    read = me.PartitionedSample.from_parquet(folder, by=BY, values=VALUES, **DESIGN)
    same(read.mean("income", "sex"), parts.mean("income", "sex"))


def test_a_damaged_file_is_named(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "part-1.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(me.DesignError, match=r"part-1\.parquet"):
        me.PartitionedSample.from_parquet(tmp_path, by=BY, values=VALUES, **DESIGN)
    with pytest.raises(me.DesignError, match="no such file"):
        me.PartitionedSample.from_parquet(tmp_path / "nowhere", **DESIGN)


@pytest.mark.slow
def test_a_killed_worker_is_survived(folder, parts):
    distributed = pytest.importorskip("dask.distributed", reason="the extra [cluster] is absent")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made,
        distributed.Client(made) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        read = me.PartitionedSample.from_parquet(
            folder, by=BY, values=VALUES, executor=client.get_executor(retries=3), **DESIGN
        )
    same(read.mean("income", "sex"), parts.mean("income", "sex"))


@pytest.mark.identity
def test_saved_cells_read_back(parts: me.PartitionedSample, tmp_path: Path) -> None:
    made = parts.calibrate(TOTALS).where(parts.frame["d"])
    back = me.PartitionedSample.load(made.save(tmp_path / "cells"))
    same(back.mean("income", "sex"), made.mean("income", "sex"))
    assert (back.persons, back.keys, back.values) == (made.persons, made.keys, made.values)
    with pytest.raises(me.DesignError, match="got a PartitionedSample"):
        me.Sample.load(tmp_path / "cells")
