"""A verdict says of an interval only what it allows: sign, sizes excluded, how sure; the wider
interval speaks, precision is not bias, and a true null can pass every check.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mismes_eval.estimate.caution import Caution
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.totals import mean
from mismes_eval.estimate.verdict import (
    DRAWN_BY_LOT,
    PARALLEL,
    Answer,
    Aspect,
    Check,
    Span,
    Verdict,
    moved_apart,
)
from mismes_eval.impact.planning.detectable import detectable_effect
from mismes_eval.impact.sensitivity.pretrend_missed import chance_missed
from mismes_eval.message import Message, Quantity
from mismes_eval.report import sentences
from mismes_eval.report.document.language import language
from mismes_eval.weighting.sample import Sample

pytestmark = pytest.mark.property
ENDS = st.floats(-100, 100, allow_nan=False)
ASPECTS: tuple[Aspect, ...] = ("start", "loss", "trends", "measurement", "plan", "precision")
ABOUT = sentences.About("M-1", "employed", "24 months", 1.0, "point", "points")


def span(a: float, b: float) -> Span:
    low, high = min(a, b), max(a, b)
    return Span((low + high) / 2, low, high)


def check(
    code: str, answer: Answer = "yes", aspect: Aspect = "trends", apart: bool = False
) -> Check:
    return Check(code, aspect, answer, Message(f"reservation {code}"), apart)


@given(ENDS, ENDS)
def test_a_sign_is_said_only_of_an_interval_on_one_side_of_zero(a: float, b: float) -> None:
    made = span(a, b)
    assert (made.sign == "higher") == (made.low > 0)
    assert (made.sign == "lower") == (made.high < 0)
    assert Verdict(made).shown == (made.low > 0 or made.high < 0)


@given(ENDS, ENDS)
def test_a_size_is_excluded_only_of_a_null_and_lies_at_the_far_end(a: float, b: float) -> None:
    made = span(a, b)
    size = Verdict(made).excluded_size
    assert (size is None) == Verdict(made).shown
    assert size is None or size == max(abs(made.low), abs(made.high))


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(Span(1.0, -3.0, 5.0, doubtful=True)),
        Verdict(Span(1.0, -3.0, 5.0), clusters=2),
        Verdict(Span(1.0, -3.0, math.inf)),
        Verdict(Span(1.0, -3.0, 5.0), wider=(Span(1.0, -math.inf, 9.0),)),
        Verdict(Span(1.0, math.nan, math.nan)),
    ],
)
def test_no_size_is_excluded_by_a_doubtful_interval_few_clusters_or_no_end(
    verdict: Verdict,
) -> None:
    assert verdict.excluded_size is None and not verdict.shown
    assert sentences.excluded(verdict, ABOUT) == []


@given(ENDS, ENDS, ENDS, ENDS)
def test_the_wider_interval_speaks(a: float, b: float, c: float, d: float) -> None:
    own, other = span(a, b), dataclasses.replace(span(c, d), value=span(a, b).value)
    verdict = Verdict(own, wider=(other,))
    assert verdict.span.width == max(own.width, other.width)
    no_interval = dataclasses.replace(own, low=math.nan, high=math.nan)
    of_another = dataclasses.replace(own, value=own.value + 1.0, high=math.inf)
    assert Verdict(own, wider=(no_interval, of_another)).span is own


@given(
    st.lists(
        st.tuples(st.sampled_from(ASPECTS), st.sampled_from(["yes", "no", "too weak"])), max_size=6
    ),
    st.booleans(),
    st.booleans(),
)
def test_what_is_less_sure_is_never_called_surer(
    answers: list[tuple[Aspect, Answer]], by_lot: bool, null: bool
) -> None:
    """Any check that fails instead of passing never raises the word; precision counts too."""
    words = ["none", "weak", "moderate", "strong"]
    lot = check(DRAWN_BY_LOT, "yes" if by_lot else "no", "start")
    checks = [check(f"c{k}", answer, aspect) for k, (aspect, answer) in enumerate(answers)]
    effect = Span(0.1, -1.0, 1.2) if null else Span(2.0, 1.0, 3.0)
    now = words.index(Verdict(effect, (lot, *checks)).sureness)
    for k, one in enumerate(checks):
        worse = [*checks[:k], check(one.code, "no", one.aspect), *checks[k + 1 :]]
        assert words.index(Verdict(effect, (lot, *worse)).sureness) <= now
    assert words.index(Verdict(effect, (check(DRAWN_BY_LOT, "no"), *checks)).sureness) <= now
    assert now != 3 or (by_lot and all(c.passed for c in checks) and bool(checks))


def test_a_true_null_can_be_strong_and_a_finding_has_no_other_rule() -> None:
    checks = (check(DRAWN_BY_LOT), check("a"), check("b", aspect="precision"))
    assert Verdict(Span(0.0, -1.0, 1.0), checks).sureness == "strong"
    assert Verdict(Span(5.0, 4.0, 6.0), checks).sureness == "strong"


def test_groups_that_parted_before_and_short_intervals_are_weak() -> None:
    good = (check(DRAWN_BY_LOT), check("a"))
    apart = check("pre", "no", apart=True)
    assert Verdict(Span(5.0, 4.0, 6.0), (*good, apart)).sureness == "weak"
    assert Verdict(Span(5.0, 4.0, 6.0, doubtful=True), good).sureness == "weak"
    assert Verdict(Span(5.0, 4.0, 6.0)).sureness == "weak"
    assert Verdict(Span(5.0, math.nan, math.nan), good).sureness == "none"


@pytest.mark.parametrize(
    ("ends", "surest", "weakest"),
    [
        ((1.0, 3.0), "continue", "test again"),
        ((-3.0, -1.0), "find out why", "look for harm"),
        ((-1.0, 3.0), "undecided", "undecided"),
        ((math.nan, math.nan), None, None),
    ],
)
def test_weak_evidence_never_expands_or_ends_a_measure(
    ends: tuple[float, float], surest: str | None, weakest: str | None
) -> None:
    good = (check(DRAWN_BY_LOT), check("a"))
    span = Span(sum(ends) / 2, *ends)
    assert Verdict(span, good).step == surest
    assert Verdict(span, (*good, check("pre", "no", apart=True))).step == weakest


def test_what_to_do_names_measures_with_one_step_together() -> None:
    told = sentences.to_do({"A": "undecided", "B": "test again", "C": "undecided"})
    assert told == ("evaluate B again before expanding; neither expand nor end A, C")


def test_reservations_begin_with_what_the_tests_could_not_have_seen() -> None:
    checks = (check("lot", "no"), check("ok"), check("pre", "too weak"), check("fails", "no"))
    verdict = Verdict(Span(5.0, 4.0, 6.0), checks)
    assert [c.code for c in verdict.reservations] == ["pre", "lot", "fails"]
    assert sentences.sureness(verdict) == "Strength of the evidence: weak."
    (words,) = sentences.reservations(verdict, told=("pre",))
    assert words == "Reservations: reservation lot; reservation fails."
    parted = Verdict(verdict.own, (*checks, check("apart", "no", apart=True)))
    assert parted.reservations[0].code == "apart"


def test_threats_and_precision_are_two_lists() -> None:
    verdict = Verdict(Span(0, -1, 1), tuple(check(a, aspect=a) for a in ASPECTS))
    assert [c.code for c in verdict.precision] == ["precision"]
    assert [c.code for c in verdict.threats] == list(ASPECTS[:-1])


@pytest.mark.parametrize(
    ("verdict", "template"),
    [
        (Verdict(Span(2.0, 1.0, 3.0)), sentences.EFFECT["higher"]),
        (Verdict(Span(-2.0, -3.0, -1.0)), sentences.EFFECT["lower"]),
        (Verdict(Span(0.5, -1.0, 2.0)), sentences.EFFECT["unclear"]),
        (Verdict(Span(0.5, math.nan, math.nan)), sentences.NO_INTERVAL),
    ],
)
def test_the_sentence_follows_the_sign_and_carries_horizon_and_assumption(
    verdict: Verdict, template: str
) -> None:
    said = sentences.effect_sentence(verdict, ABOUT)
    assert said.template == template and "24 months" in said
    assert PARALLEL in said or template == sentences.NO_INTERVAL
    assert "ruled out" not in said
    assert "ruled out" not in "".join(sentences.excluded(verdict, ABOUT))


def test_a_lower_effect_is_said_by_its_size() -> None:
    said = sentences.effect_sentence(Verdict(Span(-2.0, -3.0, -1.0)), ABOUT)
    assert "is 2.0 points lower" in said and "(95% interval 1.0 to 3.0)" in said


def test_units_follow_the_number_of_the_language() -> None:
    french = language("fr")
    one, many = "percentage point", "percentage points"
    shown = [french.quantity(Quantity(v, one, many)) for v in (0.6, 1.5, -1.9, 2.0, 15.1)]
    assert [text.endswith("points de pourcentage") for text in shown] == [False] * 3 + [True] * 2
    assert shown[2].startswith("\N{MINUS SIGN}1,9\N{NO-BREAK SPACE}") or shown[2].startswith(
        "\N{MINUS SIGN}1,9 "
    )
    assert str(Quantity(1.0, one, many, 0)) == "1 percentage point"


def estimate(n: int = 400) -> Estimate:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"y": rng.normal(0.0, 1.0, n), "w": 1.0})
    made = mean(Sample.from_frame(frame, weights="w"), "y")
    assert isinstance(made, Estimate)
    return made


def test_a_verdict_reads_the_interval_and_the_caution_of_its_estimate() -> None:
    made = estimate()
    low, high = made.ci().iloc[0]
    assert (Span.of(made).low, Span.of(made).high) == (low, high)
    assert not Verdict(made).doubtful
    doubtful = Verdict(made.annotated(notes=(Caution("few"),)))
    assert doubtful.doubtful and doubtful.excluded_size is None
    assert moved_apart(made) is bool(low > 0 or high < 0) and moved_apart(None) is None


@pytest.mark.golden
def test_chance_missed_is_the_noncentral_t() -> None:
    """R 4.2.2: pt(qt(.975, 399), 399, ncp) - pt(-qt(.975, 399), 399, ncp) for ncp 0, 1 and 2.8."""
    made = estimate()
    error = float(made.se[0])
    found = [chance_missed(made, ncp * error) for ncp in (0.0, 1.0, 2.8)]
    assert found == pytest.approx([0.95, 0.83051758901, 0.202339452168], abs=1e-9)
    assert chance_missed(made, -error) == pytest.approx(found[1])


@pytest.mark.identity
def test_what_is_found_with_80_percent_chance_is_missed_in_20_percent() -> None:
    made = estimate()
    assert chance_missed(made, detectable_effect(made)) == pytest.approx(0.2, abs=0.002)
