"""A saved sample reads back to the same estimates, whatever steps its weight took."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError


def base() -> me.Sample:
    r = np.random.default_rng(2)
    f = pd.DataFrame(
        {
            "w": r.uniform(1, 3, 400),
            "psu": np.repeat(np.arange(40), 10),
            "stratum": np.repeat(np.arange(8), 50),
            "sex": pd.Categorical(r.choice(["F", "M"], 400)),
            "answered": r.random(400) < 0.8,
            "y": r.normal(size=400),
        }
    )
    f["t"] = r.random(400) < 0.5
    return me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu").flagged("SYNTHETIC")


def chain() -> me.Sample:
    s = me.nonresponse(base(), "answered", ["sex"])
    s = me.calibrate(s, {"sex": {"F": 410.0, "M": 395.0}}, method="raking")
    return me.trim(s, upper=4.0).where(s.frame["t"])


@pytest.mark.identity
@pytest.mark.parametrize("make", [base, chain, lambda: me.replicates(chain(), n=20, seed=3)])
def test_the_same_estimates_come_back(make: object, tmp_path: Path) -> None:
    s = make()  # type: ignore[operator]
    back = me.Sample.load(s.save(tmp_path / "survey.sample"))
    for verb in (lambda x: me.mean(x, "y"), lambda x: me.ols(x, "y ~ sex")):
        ours, theirs = verb(s), verb(back)
        assert np.array_equal(ours.value, theirs.value)
        assert np.array_equal(ours.vcov, theirs.vcov) and np.array_equal(ours.dof, theirs.dof)
    assert back.notes == s.notes
    pd.testing.assert_frame_equal(back.frame, s.frame)


def test_two_savings_are_one_file(tmp_path: Path) -> None:
    one, two = (chain().save(tmp_path / name).read_bytes() for name in "ab")
    assert one == two


def test_other_files_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / "x"
    bad.write_bytes(b"not a zip")
    with pytest.raises(DesignError, match="not a saved Sample"):
        me.Sample.load(bad)
    with zipfile.ZipFile(bad, "w") as file:
        file.writestr("saved.json", '{"layout": 99}')
    with pytest.raises(DesignError, match="layout 99"):
        me.Sample.load(bad)
    with pytest.raises(DesignError, match="not a saved Sample"):
        me.Sample.load(tmp_path / "absent")


def test_persons_behind_the_rows_are_kept(tmp_path: Path) -> None:
    counted = replace(base(), persons=np.full(400, 3.0))
    back = me.Sample.load(counted.save(tmp_path / "cells"))
    assert back.counted(back.domain) == 1200
