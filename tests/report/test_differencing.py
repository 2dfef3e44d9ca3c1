"""Last quarter's report and this one, with one person between them: what the two tell together is
attacked with published files alone, said where the earlier one only stands there, and stopped where
it was named as published.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.report.factory.execute import beside_earlier
from mismes_eval.report.factory.orders import Failed
from mismes_eval.report.trust.differencing import differences


def published(folder: Path, country: str = "MDA", **numbers: float | None) -> Path:
    """A report folder with one cell a name, as `finish` writes it."""
    folder.mkdir(parents=True)
    cells = [
        {"table": "T07", "row": row, "column": "employed", "value": 0.5, "n": n}
        for row, n in numbers.items()
    ]
    record = {"country": country, "estimates": cells}
    (folder / "estimates.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "MANIFEST.json").write_text("{}", encoding="utf-8")
    return folder


def test_a_person_between_two_reports_is_seen(tmp_path: Path) -> None:
    earlier = published(tmp_path / "then", women=40, men=60, youth=12, old=None)
    now = published(tmp_path / "now", women=41, men=60, youth=22, old=11)
    (found,) = differences(earlier, now, 10)
    assert (found.row, found.earlier, found.now) == ("women", 40, 41)
    assert differences(now, now, 10) == []


@pytest.mark.parametrize("change", [1, 9, -1, -9])
def test_fewer_than_a_cell_may_have_are_seen_either_way(tmp_path: Path, change: int) -> None:
    earlier, now = published(tmp_path / "a", x=50), published(tmp_path / "b", x=50 + change)
    assert len(differences(earlier, now, 10)) == 1
    assert differences(earlier, now, abs(change)) == []


def test_another_country_and_no_report_are_refused(tmp_path: Path) -> None:
    now = published(tmp_path / "now", x=50)
    with pytest.raises(ParamsError, match="another country"):
        differences(published(tmp_path / "tun", country="TUN", x=49), now, 10)
    with pytest.raises(ParamsError, match="cannot be read"):
        differences(tmp_path / "nowhere", now, 10)


def test_an_earlier_publication_that_is_named_stops_the_report(tmp_path: Path) -> None:
    earlier, now = published(tmp_path / "then", x=50), published(tmp_path / "now", x=51)
    order = SimpleNamespace(earlier=earlier)
    with pytest.raises(Failed) as failed:
        beside_earlier(order, now, tmp_path / "final", 10)  # type: ignore[arg-type]
    (problem,) = failed.value.problems
    assert "T07 / x / employed (50 then, 51 now)" in problem.got and "1 cells" in problem.got
    order = SimpleNamespace(earlier=now)
    assert beside_earlier(order, now, tmp_path / "final", 10) == []  # type: ignore[arg-type]


def test_one_that_only_stands_there_is_said(tmp_path: Path) -> None:
    order = SimpleNamespace(earlier=None)
    now = published(tmp_path / "now", x=51)
    assert beside_earlier(order, now, tmp_path / "final", 10) == []  # type: ignore[arg-type]
    final = published(tmp_path / "final", x=50)
    (said,) = beside_earlier(order, now, final, 10)  # type: ignore[arg-type]
    assert "earlier publication" in said.what and str(final) == said.where
    other = published(tmp_path / "other", country="TUN", x=50)
    assert beside_earlier(order, now, other, 10) == []  # type: ignore[arg-type]
