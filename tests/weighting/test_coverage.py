"""Coverage of 95% intervals on a population with known truth, a fast subset of
benchmarks/coverage.py with bounds for 120 runs.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def study(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "coverage_study", root / "benchmarks" / "coverage.py"
    )
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["coverage_study"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "scenario",
    [
        "two-phase, raked",
        pytest.param("propensity, then raked", marks=pytest.mark.slow),
        pytest.param("dual frame Hartley, raked", marks=pytest.mark.slow),
    ],
)
def test_intervals_cover_the_truth(study: ModuleType, scenario: str) -> None:
    """120 runs: a true 95% interval falls outside 88.5-100% less than once in 2,000."""
    table = study.run([scenario], 120, 3)
    assert len(table) == 6
    assert table["coverage"].min() >= 0.885, table.to_string()
    assert table["se_ratio"].between(0.8, 1.3).all(), table.to_string()
    assert table["bias_over_se"].abs().max() < 0.4, table.to_string()


def test_absent_members_are_counted_without_bias(study: ModuleType) -> None:
    table = study.weight_share(120, 5)
    assert table["coverage"].min() >= 0.885, table.to_string()
    assert table["bias_over_se"].abs().max() < 0.4, table.to_string()
