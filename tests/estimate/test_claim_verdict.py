"""The rule for claims: four verdicts share the line among them, move one way as the number grows, and agree with distances worked out by hand; the n that would decide does decide."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mismes_eval.estimate.claim_verdict import (
    Measured,
    decide,
    distance,
    hidden,
    judge,
    without_field,
    without_number,
)
from mismes_eval.estimate.verdict import Span
from mismes_eval.message import listed
from mismes_eval.report.document.language import language

NUMBER = st.floats(-10, 10, allow_nan=False)
WIDTH = st.floats(0, 10, allow_nan=False)
MARGIN = st.floats(0.01, 5, allow_nan=False)
ORDER = {"contradicted": 0, "undecided": 1, "supported": 2}


# value, low, high, direction, threshold, margin -> distance and its ends, verdict: by hand
BY_HAND = [
    # a share of 0.62 (0.55 to 0.69) against one half, margin 0.10: 0.12 (0.05 to 0.19)
    ((0.62, 0.55, 0.69), 1, 0.5, 0.10, (0.12, 0.05, 0.19), "supported"),
    # surely above one half, and surely by less than 0.10
    ((0.54, 0.51, 0.57), 1, 0.5, 0.10, (0.04, 0.01, 0.07), "contradicted"),
    # a gap of -0.08 (-0.13 to -0.03), claimed to be below 0 by 0.05
    ((-0.08, -0.13, -0.03), -1, 0.0, 0.05, (0.08, 0.03, 0.13), "supported"),
    # an effect of 0.10 (0.05 to 0.14) where the claim says that it is less than 0.05
    ((0.10, 0.051, 0.14), -1, 0.05, 0.01, (-0.05, -0.09, -0.001), "contradicted"),
    # nothing is excluded: from -0.01 to 0.09 holds 0 and the margin of 0.05
    ((0.04, -0.01, 0.09), 1, 0.0, 0.05, (0.04, -0.01, 0.09), "undecided"),
    # on whichever side: -0.06 (-0.09 to -0.03) lies 0.06 (0.03 to 0.09) apart
    ((-0.06, -0.09, -0.03), 0, 0.0, 0.02, (0.06, 0.03, 0.09), "supported"),
    # from -0.01 to 0.015 is at most 0.015 apart: less than 0.02
    ((0.002, -0.01, 0.015), 0, 0.0, 0.02, (0.002, 0.0, 0.015), "contradicted"),
    # a whole register, 0.5 to 0.5: at the threshold, so not beyond it
    ((0.5, 0.5, 0.5), 1, 0.5, 0.10, (0.0, 0.0, 0.0), "contradicted"),
]


@pytest.mark.golden
@pytest.mark.parametrize(("numbers", "direction", "threshold", "margin", "ends", "said"), BY_HAND)
def test_distances_by_hand(numbers, direction, threshold, margin, ends, said) -> None:  # type: ignore[no-untyped-def]
    verdict = judge(Measured(*numbers, n=100.0), direction, threshold, margin)
    span = verdict.span
    assert (span.value, span.low, span.high) == pytest.approx(ends, abs=1e-12)
    assert verdict.answer == said


@given(NUMBER, WIDTH, WIDTH, MARGIN)
def test_verdicts_share_the_line_among_them(
    value: float, below: float, above: float, margin: float
) -> None:
    span = Span(value, value - below, value + above)
    answer = decide(span, margin)
    holds = {
        "contradicted": span.high < margin,
        "supported": span.low > 0 and span.high >= margin,
        "undecided": span.low <= 0 and span.high >= margin,
    }
    assert [name for name, true in holds.items() if true] == [answer]


@given(NUMBER, WIDTH, WIDTH, MARGIN, st.floats(0, 5))
def test_a_larger_number_never_speaks_less_for_a_claim(
    value: float, below: float, above: float, margin: float, more: float
) -> None:
    first = Measured(value, value - below, value + above)
    moved = value + more
    second = Measured(moved, moved - below, moved + above)
    answers = [judge(m, 1, 0.0, margin).answer for m in (first, second)]
    assert ORDER[answers[0]] <= ORDER[answers[1]]
    mirrored = [
        judge(Measured(-m.value, -m.high, -m.low), -1, 0.0, margin).answer for m in (first, second)
    ]
    assert mirrored == answers


@given(NUMBER, st.floats(0.01, 10), MARGIN)
def test_the_n_that_would_decide_decides(value: float, half: float, margin: float) -> None:
    now = judge(Measured(value, value - half, value + half, n=100.0), 1, 0.0, margin)
    assume(now.answer == "undecided" and now.needed < 1e9)
    assert now.needed >= 100
    for n, decided in ((now.needed * 1.02 + 1, True), (now.needed * 0.98 - 1, False)):
        narrower = half * math.sqrt(100.0 / n) if n > 0 else math.inf
        then = decide(Span(value, value - narrower, value + narrower), margin)
        near = min(abs(value - narrower), abs(value + narrower - margin)) < 1e-9
        assert near or (then != "undecided") is decided


@given(st.floats(-5, 5), st.floats(0.01, 5), MARGIN, st.floats(1, 4))
def test_together_claims_are_never_decided_sooner(
    value: float, half: float, margin: float, factor: float
) -> None:
    verdict = judge(Measured(value, value - half, value + half), 1, 0.0, margin, factor)
    wider = value - factor * half, value + factor * half
    assert verdict.together == decide(Span(value, *wider), margin)


def test_what_has_no_number_gives_none_away() -> None:
    for verdict in (hidden(), without_field(("inventory.sector",)), without_number("nobody")):
        assert not verdict.span.known and math.isnan(verdict.span.value)
        assert verdict.together is None
    assert hidden().answer == "undecided"
    assert without_field(("inventory.sector", "a.b")).answer == "cannot be tested"
    assert without_field(("inventory.sector", "a.b")).reason == "missing: inventory.sector, a.b"
    either = without_field((listed(["a.b", "a.c"], " or "), "d.e")).reason
    assert either == "missing: a.b or a.c, d.e"
    assert language("fr")(either).endswith("a.b ou a.c, d.e")


def test_a_doubtful_interval_decides_nothing() -> None:
    sure = judge(Measured(5.0, 4.0, 6.0), 1, 0.0, 1.0)
    doubtful = judge(Measured(5.0, 4.0, 6.0, doubtful=True), 1, 0.0, 1.0)
    assert (sure.answer, doubtful.answer) == ("supported", "undecided")


def test_a_margin_is_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        judge(Measured(1.0, 0.0, 2.0), 1, 0.0, 0.0)


@pytest.mark.parametrize("direction", [-1, 1])
def test_the_distance_turns_with_the_claim(direction: int) -> None:
    span = distance(Measured(0.3, 0.2, 0.5), direction, 0.4)  # type: ignore[arg-type]
    expected = (-0.1, -0.2, 0.1) if direction == 1 else (0.1, -0.1, 0.2)
    assert (span.value, span.low, span.high) == pytest.approx(expected)
