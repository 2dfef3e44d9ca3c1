"""A chooser shows its first choice at once, another choice on request, and without widgets the
choice itself; numbers are those of the evaluation.
"""

from pathlib import Path

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.report import choosers


def test_countries_are_the_params_files_beside_and_the_next_one_follows(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert list(choosers.countries("params/MDA.yaml")) == ["ARM", "GEO", "MAR", "MDA", "TUN"]
    assert choosers.next_country("params/MDA.yaml") == "params/TUN.yaml"
    assert choosers.next_country("params/TUN.yaml") == "params/ARM.yaml"
    monkeypatch.chdir(root / "notebooks")
    assert choosers.next_country("params/MDA.yaml") == "params/TUN.yaml"


def test_every_indicator_can_be_chosen() -> None:
    assert choosers.indicators()["L3.employment Employment rate"] == "L3.employment"


def test_without_widgets_the_first_choice_is_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosers, "installed", lambda name: False)
    made = choosers.chooser(
        {"letter": {"a": "1", "b": "2"}}, {"letter": "2"}, lambda c: NotEstimable(c["letter"])
    )
    assert made == NotEstimable("2")


def test_a_widget_follows_its_choice_and_says_what_is_wrong() -> None:
    pytest.importorskip("ipywidgets", reason="ipywidgets is not installed")

    def make(chosen: object) -> NotEstimable:
        if chosen["letter"] == "3":  # type: ignore[index]
            raise ParamsError("a < b")
        return NotEstimable(f"<{chosen['letter']}>")  # type: ignore[index]

    box = choosers.chooser({"letter": {"a": "1", "b": "2", "c": "3"}}, {"letter": "1"}, make)
    (drop,), shown = box.children[0].children, box.children[1]  # type: ignore[attr-defined]
    assert "&lt;1&gt;" in shown.value
    drop.value = "2"
    assert "&lt;2&gt;" in shown.value
    drop.value = "3"
    assert "a &lt; b" in shown.value


def test_a_country_is_not_compared_with_itself() -> None:
    with pytest.raises(ParamsError, match="with itself"):
        choosers.comparison("params/MDA.yaml", "params/MDA.yaml", "L3.employment")


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore")
def test_the_profile_is_the_number_of_the_evaluation(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    shown = choosers.profile("params/MDA.yaml", "L3.employment", "sex")
    direct = choosers.evaluation_of("params/MDA.yaml").indicators(by=("sex",), which=("L3",))[
        "L3.employment"
    ]
    assert isinstance(shown, Estimate)
    assert isinstance(direct, Estimate)
    assert shown.value.tolist() == direct.value.tolist()
    assert "data:image/png;base64," in choosers.picture(shown)
    with pytest.raises(ParamsError, match="no such indicator"):
        choosers.profile("params/MDA.yaml", "L3.nothing")
