"""Outcome rates by AAPOR's formulas written out, their standard errors against numerical
derivatives, response patterns, cumulative rates.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import EstimateError
from mismes_eval.tracer import TracerPanel, attrition_weights
from mismes_eval.tracer.dispositions import GROUPS, known_dispositions
from mismes_eval.tracer.rates import RATES, pattern_kind, rates_of_totals
from mismes_eval.weighting.sample import Sample


def by_hand(t: dict[str, float], e: float) -> dict[str, float]:
    """AAPOR Standard Definitions, as printed there."""
    known, unknown = t["I"] + t["P"] + t["R"] + t["NC"] + t["O"], t["UH"] + t["UO"]
    return {
        "RR1": t["I"] / (known + unknown),
        "RR2": (t["I"] + t["P"]) / (known + unknown),
        "RR3": t["I"] / (known + e * unknown),
        "RR4": (t["I"] + t["P"]) / (known + e * unknown),
        "RR5": t["I"] / known,
        "RR6": (t["I"] + t["P"]) / known,
        "COOP1": t["I"] / (t["I"] + t["P"] + t["R"] + t["O"]),
        "COOP2": (t["I"] + t["P"]) / (t["I"] + t["P"] + t["R"] + t["O"]),
        "COOP3": t["I"] / (t["I"] + t["P"] + t["R"]),
        "COOP4": (t["I"] + t["P"]) / (t["I"] + t["P"] + t["R"]),
        "REF1": t["R"] / (known + unknown),
        "REF2": t["R"] / (known + e * unknown),
        "REF3": t["R"] / known,
        "CON1": (known - t["NC"]) / (known + unknown),
        "CON2": (known - t["NC"]) / (known + e * unknown),
        "CON3": (known - t["NC"]) / known,
    }


@pytest.mark.golden
@pytest.mark.parametrize("e", [None, 0.4])
def test_rates_are_aapor_formulas(
    panel: TracerPanel, waves: pd.DataFrame, persons: pd.DataFrame, e: float | None
) -> None:
    out = panel.outcome_rates(by=["arm", "sex"], e=e)
    full = waves.merge(persons, on="person_id").assign(
        group=lambda f: f["disp"].map(known_dispositions()["outcome"])
    )
    assert len(out.keys) == 4 * 4 * len(RATES)
    for (arm, sex, wave), rows in full.groupby(["arm", "sex", "wave"]):
        t = {g: float(rows.loc[rows["group"] == g, "w"].sum()) for g in GROUPS}
        known = sum(t[g] for g in ("I", "P", "R", "NC", "O"))
        share = known / (known + t["NE"]) if e is None else e
        chosen = (out.keys["arm"] == arm) & (out.keys["sex"] == sex) & (out.keys["wave"] == wave)
        np.testing.assert_allclose(out.value[chosen], list(by_hand(t, share).values()), rtol=1e-12)
        np.testing.assert_allclose(out.keys.loc[chosen, "e"], share, rtol=1e-12)


@pytest.mark.identity
@pytest.mark.parametrize("e", [None, 0.4])
def test_slopes_are_derivatives(e: float | None) -> None:
    totals = np.array([[50.0, 8, 9, 12, 3, 4, 6, 5], [20.0, 0, 1, 2, 3, 1, 0, 0]])
    slope = rates_of_totals(totals, e)[1]
    for k in range(len(GROUPS)):
        up, down = totals.copy(), totals.copy()
        up[:, k] += 1e-5
        down[:, k] -= 1e-5
        expected = (rates_of_totals(up, e)[0] - rates_of_totals(down, e)[0]) / 2e-5
        np.testing.assert_allclose(slope[:, k, :], expected, atol=1e-8)


def test_abroad_is_an_answer_when_reached_and_known_when_not(panel: TracerPanel) -> None:
    disp = pd.Series(panel.values("disp", 1))
    reached, not_reached = disp.isin(["2.51", "2.52"]).to_numpy(), (disp == "2.53").to_numpy()
    assert panel.responded[reached, 1].all()
    assert not panel.responded[not_reached, 1].any()
    traced = panel.tracing_rate()
    w = panel.sample.weights
    expected = np.average(~disp.isin(["2.2", "3.1", "3.2"]).to_numpy(), weights=w)
    np.testing.assert_allclose(traced.value[1], expected, rtol=1e-12)


def test_cumulative_response_is_the_product(panel: TracerPanel) -> None:
    out, rates = panel.cumulative_response(recruitment=0.8), panel.outcome_rates()
    rr2 = rates.value[(rates.keys["rate"] == "RR2").to_numpy()]
    np.testing.assert_allclose(out.value, 0.8 * np.cumprod(rr2), rtol=1e-12)
    assert out.se[0] == 0.0
    assert (out.se[1:] > 0).all()
    with pytest.raises(EstimateError, match="recruitment"):
        panel.cumulative_response(recruitment=1.2)
    with pytest.raises(EstimateError, match="e is not a share"):
        panel.outcome_rates(e=-0.1)


def test_patterns_count_everybody_once(panel: TracerPanel) -> None:
    table = panel.patterns()
    text = ["".join("1" if v else "0" for v in row) for row in panel.responded]
    expected = pd.Series(text).value_counts().to_dict()
    assert dict(zip(table["pattern"], table["n"], strict=True)) == expected
    np.testing.assert_allclose(table["share"].sum(), 1.0)
    expected = ["complete", "monotone", "intermittent", "late entrant", "never"]
    assert [pattern_kind(p) for p in ("1111", "1100", "1011", "0110", "0000")] == expected
    assert panel.participation()["answered"].tolist() == panel.responded.sum(axis=0).tolist()


def test_without_dispositions_there_is_one_rate() -> None:
    long = pd.DataFrame({"person_id": [1, 2, 3, 1, 2], "wave": [0, 0, 0, 1, 1]})
    out = TracerPanel.from_frame(
        long,
        sample=Sample.from_frame(
            pd.DataFrame({"person_id": [1, 2, 3], "w": [1.0, 1.0, 2.0]}), weights="w"
        ),
    ).outcome_rates()
    assert out.keys["rate"].tolist() == ["RR1", "RR1"]
    np.testing.assert_allclose(out.value, [1.0, 0.5])


def with_gaps() -> tuple[pd.DataFrame, pd.DataFrame]:
    """100 persons at enrolment; at wave 1 70 interviews, 2 partial, 7 refusals, 11 non-contacts, 5
    pending, 5 not fielded.
    """
    codes = ["1.1"] * 70 + ["1.2"] * 2 + ["2.1"] * 7 + ["2.2"] * 11 + ["0.1"] * 5 + ["0.2"] * 5
    first = pd.DataFrame({"person_id": range(100), "wave": 0, "disp_code": "1.1"})
    return first, pd.DataFrame({"person_id": range(100), "wave": 1, "disp_code": codes})


def at_last(panel: TracerPanel) -> dict[str, float]:
    e = panel.outcome_rates()
    last = (e.keys["wave"] == panel.waves[-1]).to_numpy()
    return dict(zip(e.keys["rate"][last], e.value[last], strict=True))


def test_every_enrolled_person_is_in_the_denominator() -> None:
    """By hand: 70 and 72 interviews of the 90 whose fieldwork is over, 7 refusals."""
    first, second = with_gaps()
    full = TracerPanel.from_frame(pd.concat([first, second]), disposition="disp_code")
    by_row = at_last(full)
    assert by_row["RR1"] == pytest.approx(70 / 90) and by_row["RR2"] == pytest.approx(72 / 90)
    assert by_row["REF1"] == pytest.approx(7 / 90) and by_row["CON1"] == pytest.approx(79 / 90)
    silent = second[second["disp_code"] != "2.2"]
    gaps = TracerPanel.from_frame(pd.concat([first, silent]), disposition="disp_code")
    assert at_last(gaps) == pytest.approx(by_row)
    notes = " ".join(gaps.outcome_rates().notes)
    assert "Enrolled persons without a row at wave 1 count as not contacted" in notes
    assert "pending at wave 1 are outside" in notes and "not fielded at wave 1 are outside" in notes


def test_a_file_of_interviews_only_knows_no_refusals() -> None:
    first, second = with_gaps()
    kept = second[second["disp_code"].isin(["1.1", "1.2"])]
    panel = TracerPanel.from_frame(pd.concat([first, kept]), disposition="disp_code")
    assert panel.interviews_only == (1,)
    rates = at_last(panel)
    assert rates["RR1"] == pytest.approx(0.70) and rates["RR2"] == pytest.approx(0.72)
    assert rates["RR5"] == pytest.approx(0.70)
    assert all(np.isnan(rates[k]) for k in rates if k.startswith(("REF", "COOP", "CON")))
    assert "interviews only" in " ".join(panel.outcome_rates().notes)


def test_a_wave_that_is_not_over_loses_nobody() -> None:
    """40 of 100 not yet tried: loss is among the 60, and the weights stand for them."""
    first, _ = with_gaps()
    codes = ["1.1"] * 45 + ["2.2"] * 15 + ["0.1"] * 40
    second = pd.DataFrame({"person_id": range(100), "wave": 1, "disp_code": codes})
    long = pd.concat([first, second]).assign(x=lambda f: f["person_id"] % 3)
    panel = TracerPanel.from_frame(long, disposition="disp_code")
    assert at_last(panel)["RR1"] == pytest.approx(0.75)
    assert panel.tracing_rate().value[1] == pytest.approx(0.75)
    patterns = panel.patterns().set_index("pattern")
    assert patterns["n"].to_dict() == {"11": 45, "1-": 40, "10": 15}
    assert patterns["kind"].to_dict() == {"11": "complete", "1-": "complete", "10": "monotone"}
    sample = attrition_weights(panel, ["x"]).weight_sample([1])
    assert sample.weights.sum() == pytest.approx(60)
    assert "pending or not fielded at wave 1 (40)" in sample.design.steps[0].name


def test_who_could_not_be_asked_is_no_loss() -> None:
    """Retrospective rows, the known dead and persons drawn later are outside the rates."""
    long = pd.DataFrame(
        [
            ("a", -1, "1.1", False),
            ("a", 0, "1.1", False),
            ("a", 1, "1.1", False),
            ("b", 0, "1.1", False),
            ("b", 1, "2.31", False),
            ("c", 0, "1.1", False),
            ("new", 1, "1.1", True),
            ("a", 2, "1.1", False),
            ("new", 2, "2.1", True),
        ],
        columns=["person_id", "wave", "disp", "refresh"],
    )
    panel = TracerPanel.from_frame(long, disposition="disp", refresh="refresh")
    expected = [[1, 1, 1, 1], [0, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]
    assert panel.tried.astype(int).tolist() == expected
