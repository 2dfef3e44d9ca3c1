"""Files with replicate weights only (ACS, CPS, IPUMS): negative ones, methods by name with their
scales, whole weights and factors told apart. Reference values: R survey 4.1, svrepdesign.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError

R = [  # name, se, se with mse=TRUE, se of uid < 50
    ("successive-difference", 1.32345, 1.32673063711, 3.19558242867),
    ("sdr", 1.32345, 1.32673063711, 3.19558242867),
    ("JK2", 5.91863, 5.93331978482, 14.2910790764),
    ("brr", 0.66172, 0.663365318555, 1.59779121433),
]


@pytest.fixture
def acs(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "cases/survey/acs_like_negative_replicates.csv")


def columns(frame: pd.DataFrame) -> list[str]:
    return [c for c in frame if c.startswith("rw")]


@pytest.mark.golden
@pytest.mark.shared
@pytest.mark.parametrize(("method", "plain", "about", "small"), R)
def test_negative_replicates_and_methods_by_name_as_in_r(
    acs: pd.DataFrame, method: str, plain: float, about: float, small: float
) -> None:
    assert (acs[columns(acs)] < 0).any(axis=None)
    for mse, expected in ((False, plain), (True, about)):
        described = me.ReplicateWeights(columns(acs), method, mse=mse)
        s = me.Sample.from_frame(acs, weights="w", replicates=described)
        e = me.mean(s, "inc")
        np.testing.assert_allclose(e.value, [319.8503287], rtol=1e-9)
        np.testing.assert_allclose(e.se, [expected], rtol=1e-5)
    s = me.Sample.from_frame(acs, weights="w", replicates=me.ReplicateWeights(columns(acs), method))
    np.testing.assert_allclose(me.mean(s.where(acs["uid"] < 50), "inc").se, [small], rtol=1e-9)


@pytest.mark.shared
def test_the_basis_of_a_replicate_only_file_speaks_of_no_persons(acs: pd.DataFrame) -> None:
    s = me.Sample.from_frame(acs, weights="w", replicates=me.ReplicateWeights(columns(acs), "sdr"))
    basis = me.mean(s, "inc").notes[0]
    assert "independent persons" not in basis and "no cluster effect" not in basis
    assert "80 replicates" in basis


@pytest.mark.shared
def test_whole_weights_and_factors_are_told_apart(acs: pd.DataFrame) -> None:
    """R: "Data look like combined weights: mean replication weight is 98.34 and mean sampling
    weight is 98.67".
    """
    rw = columns(acs)
    with pytest.raises(DesignError, match=r"they look like whole weights\. Say combined=True"):
        me.Sample.from_frame(
            acs, weights="w", replicates=me.ReplicateWeights(rw, "sdr", combined=False)
        )
    factors = acs.assign(**{c: acs[c] / acs["w"] for c in rw})
    with pytest.raises(DesignError, match=r"they look like factors\. Say combined=False"):
        me.Sample.from_frame(factors, weights="w", replicates=me.ReplicateWeights(rw, "sdr"))
    both = [
        me.Sample.from_frame(f, weights="w", replicates=me.ReplicateWeights(rw, "sdr", combined=c))
        for f, c in ((acs, True), (factors, False))
    ]
    np.testing.assert_allclose(*(me.mean(s, "inc").se for s in both), rtol=1e-10)


@pytest.mark.shared
def test_weights_of_mean_1_are_both_and_not_refused(acs: pd.DataFrame) -> None:
    rw = columns(acs)
    scaled = acs.assign(**{c: acs[c] / acs["w"].mean() for c in ["w", *rw]})
    for combined in (True, False):
        described = me.ReplicateWeights(rw, "sdr", combined=combined)
        assert me.Sample.from_frame(scaled, weights="w", replicates=described).n == len(acs)


@pytest.mark.shared
def test_a_negative_base_weight_stays_refused(acs: pd.DataFrame) -> None:
    acs.loc[4, "w"] = -1.0
    with pytest.raises(DesignError, match="negative weights: column 'w'"):
        me.Sample.from_frame(acs, weights="w", replicates=me.ReplicateWeights(columns(acs), "sdr"))
