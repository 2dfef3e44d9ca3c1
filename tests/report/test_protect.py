"""One protection for the whole report: sets of persons that add up, whatever tables they stand in.
The attack of these tests is written out here and knows nothing of the product's relations.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from mismes_eval.errors import DisclosureError, EstimateError, Problem
from mismes_eval.estimate.survival import survival
from mismes_eval.estimate.totals import mean, proportion, ratio, total
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import plain, rows
from mismes_eval.report.chapters.participation import _targeting
from mismes_eval.report.chapters.quality import _persons_of_margins
from mismes_eval.report.chapters.waiting import _waiting_cells
from mismes_eval.report.document.cells import (
    COLUMNS,
    NO_PERSONS,
    PRIVATE,
    STANDING,
    CellKey,
    Persons,
    Standing,
    Status,
    counted_in,
    population,
    published_cells,
)
from mismes_eval.report.document.estimated_cells import cells_by, cells_of, counted
from mismes_eval.report.document.items import Number, PictureSpec, SentenceSpec
from mismes_eval.report.document.language import language
from mismes_eval.report.document.protect import applied, protect, recovered_sets
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.set_sizes import Counts
from mismes_eval.tracer import TracerPanel
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.diagnostics import margins_before_after
from mismes_eval.weighting.sample import Sample

RULES = Rules()


def people(**groups: int) -> dict[str, Persons]:
    """Sets of persons without anybody in two of them, and 'all' of them."""
    label = np.repeat(list(groups), list(groups.values()))
    sets = {name: Persons.of("people", label == name) for name in groups}
    return sets | {"all": Persons.of("people", np.ones(label.size, bool))}


def share(row: str, column: str, whole: Persons, inside: Persons) -> dict[str, object]:
    """A share of the whole with its n, as a profile prints it."""
    told = Standing(persons=whole, tells=(inside,), whole=whole)
    return plain(row, column, inside.n / whole.n, "share", whole.n, "share", standing=told)


def rate(row: str, column: str, who: Persons, value: float = 0.5) -> dict[str, object]:
    return plain(row, column, value, "share", who.n, "share", standing=Standing(persons=who))


def decided(**tables: list[dict[str, object]]) -> dict[str, pd.DataFrame]:
    """What is published of these tables."""
    places = {name: rows(cells) for name, cells in tables.items()}
    decision = protect(places, RULES)
    assert recovered_sets(places, decision, RULES.min_cell) == []
    return {name: applied(name, frame, decision) for name, frame in places.items()}


def statuses(frame: pd.DataFrame) -> dict[str, str]:
    return dict(zip(frame["row"], frame["status"], strict=True))


def test_a_small_group_is_hidden_with_another_and_leaves_no_number() -> None:
    sets = people(young=40, old=6, middle=300)
    table = [share(name, "share", sets["all"], sets[name]) for name in ("young", "old", "middle")]
    out = decided(T=table)["T"]
    assert statuses(out) == {"young": "secondary", "old": "confidential", "middle": "shown"}
    hidden = out[out["status"] != "shown"]
    assert hidden[["value", "se", "ci_low", "ci_high", "cv", "n"]].isna().all(axis=None)
    assert STANDING not in out.columns and set(COLUMNS) == set(out.columns)


def test_a_base_that_is_another_base_without_a_small_group_is_printed_without_its_number() -> None:
    """722 returnees, 713 of them asked: the nine old are not printed, and do not follow."""
    sets = people(young=34, middle=679, old=9)
    label = np.repeat(["young", "middle", "old"], [34, 679, 9])
    asked = Persons.of("people", label != "old")
    profile = [share(n, "returnees", sets["all"], sets[n]) for n in ("young", "middle", "old")]
    out = decided(T07=profile, T10=[rate("any measure", "took part", asked)])
    assert statuses(out["T07"])["old"] == "confidential"
    took_part = out["T10"].iloc[0]
    nobody = rate("M01", "took part", asked, 0.0) | {"se": 0.0, "ci_low": 0.0, "ci_high": 0.005}
    of_nobody = decided(T07=profile, T10=[nobody])["T10"].iloc[0]
    assert of_nobody["value"] == 0 and np.isnan(of_nobody["ci_high"])  # it would tell the 713
    assert took_part["status"] == "shown" and np.isfinite(took_part["value"])
    assert np.isnan(took_part["n"])


def test_a_group_of_which_no_cell_speaks_is_not_told_by_three_bases() -> None:
    """817 participants answered; 1,712 persons of the one measure that is shown, 900 of them of the
    comparison: five are of the other measure, whose tables are not made since it has too few.
    """
    label = np.repeat(["shown", "small", "comparison"], [812, 5, 900])
    sets = (["shown", "small"], ["shown", "comparison"], ["comparison"], ["small"])
    *bases, small = (Persons.of("people", np.isin(label, names)) for names in sets)
    places = {"T": rows([rate(f"{who.n}", "answered", who) for who in bases])}
    told = protect(places, RULES)
    assert applied("T", places["T"], told)["n"].tolist() == [817, 1_712, 900]
    assert recovered_sets(places, told, RULES.min_cell, (small,)) == [small]
    decision = protect(places, RULES, unseen=(small,))
    assert recovered_sets(places, decision, RULES.min_cell, (small,)) == []
    kept = applied("T", places["T"], decision)
    assert kept["n"].isna().any() and (kept["status"] == "shown").all()


@pytest.mark.parametrize(
    ("looking", "others", "hidden"), [(5, 40, 1), (9, 40, 1), (10, 40, 0), (40, 3, 1)]
)
def test_a_base_less_another_that_it_holds_is_a_number_of_persons(
    looking: int, others: int, hidden: int
) -> None:
    """Those in work and those in work or looking for it are the bases of two rates, of which no
    cell says who is looking; all adults are the base of a third.
    """
    sets = people(work=57, looking=looking, others=others)
    force = Persons.of("people", sets["work"].rows | sets["looking"].rows)
    bases = {"informal": sets["work"], "unemployed": force, "active": sets["all"]}
    places = {"T08": rows([rate(name, "returnees", who) for name, who in bases.items()])}
    decision = protect(places, RULES)
    assert recovered_sets(places, decision, RULES.min_cell) == []
    out = applied("T08", places["T08"], decision)
    assert out["n"].isna().sum() == hidden and (out["status"] == "shown").all()
    nothing = replace(decision, withheld={"T08": [False] * 3})
    leaked = [persons.n for persons in recovered_sets(places, nothing, RULES.min_cell)]
    assert leaked == [n for n in (looking, others) if n < RULES.min_cell]


@pytest.mark.parametrize(
    ("inside", "n", "hidden"),
    [(8, 20, True), (12, 20, True), (8.2, 20, False), (10, 20, False), (0, 20, False)],
)
def test_an_exact_fraction_of_persons_who_are_not_known_counts_them(
    inside: float, n: int, hidden: bool
) -> None:
    """8 of 20 of like weights, of a table that cannot tell who they are; so are the 8 others."""
    cell = plain("match", "all", inside / n, "share", n, "share", standing=Standing(among=("p",)))
    assert statuses(decided(T=[cell])["T"])["match"] == ("confidential" if hidden else "shown")


@pytest.mark.parametrize("like", [True, False])
def test_an_index_of_like_weights_tells_how_many_of_a_group_took_part(like: bool) -> None:
    """9 of 35 men and 90 of 165 women: the index of a group, the rate of all and its n are 9 men."""
    took = np.repeat(["M01", "NONE"] * 2, [9, 26, 90, 75])
    frame = pd.DataFrame({"msm_part": took, "male": np.repeat([1, 0], [35, 165])})
    weights = 1.0 if like else 1 + np.arange(200) % 2 / 5
    sample = Sample.from_frame(frame.assign(mig_status="RET", w=weights), weights="w")
    survey = SimpleNamespace(sample=sample, source="survey", definition=None)
    context = Context(SimpleNamespace(), RULES, language("en"))  # type: ignore[arg-type]
    table = _targeting(context, survey)  # type: ignore[arg-type]
    told = statuses(decided(T03b=table.cells.to_dict("records"))["T03b"])
    assert told["sex: men"] == ("confidential" if like else "shown")


@pytest.mark.parametrize("unit", [None, "household"])
def test_the_margins_of_a_calibration_add_up_with_each_other(unit: str | None) -> None:
    """Five women of 65 and over: the cheapest cell beside them in their own margin are the 12 men,
    who leave them to the number of women that another margin prints.
    """
    ages, persons = ["15-39", "40-64", "65+"], [60, 50, 5, 70, 40, 12]
    cells = list(product([0, 1], ages))
    frame = pd.DataFrame([cell for cell, n in zip(cells, persons, strict=True) for _ in range(n)])
    frame = frame.set_axis(["male", "age"], axis=1).assign(w=100.0, household=range(len(frame)))
    crossed = {cell: 110.0 * n for cell, n in zip(cells, persons, strict=True)}
    totals = {("male", "age"): crossed, "male": {0: 110.0 * 115, 1: 110.0 * 122}}
    s = calibrate(Sample.from_frame(frame, weights="w"), totals, unit=unit)
    table = margins_before_after(s)
    standing = _persons_of_margins(s, table)
    assert {told.persons.population for told in standing if told.persons} == {population(s.design)}
    lines = zip(table["margin"], table["rows"], standing, strict=True)
    out = decided(T12b=[plain(name, "n", n, "persons", standing=who) for name, n, who in lines])
    shown = out["T12b"]["value"].to_numpy()
    assert np.isnan(shown[2]) and not (np.isfinite(shown[6]) and np.isnan(shown[:3]).sum() == 1)
    elsewhere = _persons_of_margins(s, table.assign(rows=table["rows"] + 1.0))  # of other rows
    assert len({told.persons.population for told in elsewhere if told.persons}) == 2


@pytest.mark.parametrize(("value", "hidden"), [(195 / 200, 1), (0.971, 0)])
def test_the_complement_of_a_share_that_tells_its_number_is_protected(
    value: float, hidden: int
) -> None:
    """195 of 200 took part: five did not. A share of unlike weights is no number of persons."""
    sets = people(took=195, not_=5)
    told = Standing(persons=sets["all"], tells=(sets["took"],), whole=sets["all"])
    cell = plain("took part", "all", value, "share", 200, "share", standing=told)
    out = decided(T=[cell])["T"].iloc[0]
    assert (out["status"] != "shown" or np.isnan(out["n"])) == bool(hidden)


def test_two_persons_that_must_be_one_each_are_not_hidden_by_each_other() -> None:
    """1, 30, 1, 25: two hidden cells of two persons together, with zeros printed, are one each."""
    sets = people(north=1, centre=30, south=1, east=25)
    names = ("north", "centre", "south", "east")
    out = decided(T=[share(n, "share", sets["all"], sets[n]) for n in names])["T"]
    assert statuses(out)["north"] == statuses(out)["south"] == "confidential"
    assert (out["status"] == "secondary").sum() == 1


def test_a_set_is_hidden_wherever_it_is_counted() -> None:
    sets = people(returnees=2, others=598)
    out = decided(
        T06c=[
            counted("persons in the survey", "value", sets["all"]),
            counted("returnees interviewed", "value", sets["returnees"]),
        ],
        T07a=[share("returnees", "estimate", sets["all"], sets["returnees"])],
        T08=[rate("employment", "others", sets["others"]), rate("employment", "all", sets["all"])],
        F06=[share("region 1", "returnees", sets["all"], sets["returnees"])],
    )
    assert statuses(out["T06c"])["returnees interviewed"] == "confidential"
    assert statuses(out["T07a"]) == {"returnees": "confidential"}
    assert statuses(out["F06"]) == {"region 1": "confidential"}
    n = {out["T06c"]["value"].iloc[0], out["T08"]["n"].iloc[1]} - {np.nan}
    others = out["T08"]["n"].iloc[0]
    assert np.isnan(others) or not any(np.isfinite(v) for v in n)


def test_a_comparison_of_a_small_arm_is_hidden_with_what_stands_beside_it() -> None:
    label = np.repeat(["t", "c"], [8, 60])
    arms = tuple(Persons.of("panel", label == arm) for arm in ("t", "c"))
    told = Standing(persons=Persons.of("panel", label != ""), compares=arms)
    effect = plain("employed", "estimate", 0.1, "share", 68, "effect", standing=told)
    ends = [plain("employed", end, 0.0, kind="effect") for end in ("95% from", "95% to", "p")]
    other = [rate("employed", "comparison", arms[1])]
    out = decided(T17=[effect, *ends], T16=[*other, rate("employed", "participants", arms[0])])
    assert (out["T17"]["status"] == "confidential").all()
    assert out["T17"]["value"].isna().all()
    assert out["T16"]["status"].tolist() == ["secondary", "confidential"] or (
        out["T16"]["status"].tolist() == ["shown", "confidential"]
    )


def test_an_arm_whose_mean_is_hidden_has_no_effect_in_means() -> None:
    """20 persons: enough for a share, too few for a mean, so too few for a difference of means."""
    label = np.repeat(["t", "c"], [20, 60])
    arms = tuple(Persons.of("panel", label == arm) for arm in ("t", "c"))
    told = Standing(compares=arms)
    shares = [plain("employed", "difference", 0.1, "share", kind="contrast", standing=told)]
    means = [plain("earnings", "difference", 82.6, "EUR", kind="contrast", standing=told)]
    out = decided(A=shares, B=means)
    assert out["A"]["status"].tolist() == ["shown"]
    assert out["B"]["status"].tolist() == ["confidential"]


def test_an_amount_that_is_one_payers_own_is_hidden() -> None:
    out = decided(T01=[plain("stage", "budget", 3.0, "EUR", standing=PRIVATE)])["T01"]
    assert out["status"].tolist() == ["confidential"] and out["value"].isna().all()


def test_nothing_is_hidden_where_nobody_is_few() -> None:
    sets = people(young=40, old=16, none=0)
    names = ("young", "old", "none")
    out = decided(T=[share(n, "share", sets["all"], sets[n]) for n in names])["T"]
    assert set(out["status"]) == {"shown"} and out["n"].tolist() == [56.0] * 3


def attacker(out: dict[str, pd.DataFrame], label: np.ndarray, small: np.ndarray) -> float:
    """How many counts of a small set agree with everything printed: persons of each kind are
    unknown, every printed n and every printed share is an equation, hidden cells follow the rules.
    """
    kinds = list(dict.fromkeys(label))
    equal: list[tuple[np.ndarray, float]] = []
    bounds: list[tuple[np.ndarray, float, float]] = []
    everybody = np.ones(len(kinds))
    for frame in out.values():
        for c in frame.to_dict("records"):
            inside = np.array([str(c["row"]) in kind for kind in kinds], float)
            base = np.array([str(c["column"]) in kind for kind in kinds], float)
            base = everybody if c["column"] == "all" else base
            if np.isfinite(c["n"]):
                equal.append((base, float(c["n"])))
            if c["status"] == "shown":
                equal.append((inside * base - c["value"] * base, 0.0))
            if c["status"] == "confidential":
                bounds.append((inside * base, 1.0, 9.0))
            if c["status"] == "secondary":
                bounds.append((inside * base, 10.0, 1e9))
    upper = [row for row, _, high in bounds] + [-row for row, _, _ in bounds]
    limit = [high for _, _, high in bounds] + [-low for _, low, _ in bounds]
    ends = []
    for sign in (1.0, -1.0):
        answer = linprog(
            sign * small,
            A_eq=np.array([row for row, _ in equal]),
            b_eq=np.array([value for _, value in equal]),
            A_ub=np.array(upper) if upper else None,
            b_ub=np.array(limit) if limit else None,
            bounds=(0, None),
            method="highs",
        )
        assert answer.status == 0
        ends.append(sign * answer.fun)
    return ends[1] - ends[0]


def test_one_person_in_the_place_of_another_is_a_solution_of_the_linear_programmes() -> None:
    """Random sets, some hidden: where a person can take another's place, the fewest and most that
    the two programmes find are that person apart; where nobody can, they often still are.
    """
    rng, found = np.random.default_rng(24), {True: 0, False: 0}
    for _ in range(60):
        member = rng.random((7, 40)) < rng.uniform(0.1, 0.5, (7, 1))
        sets = [Persons.of("p", rows) for rows in member if rows.any()]
        counts = Counts((*sets, Persons.of("p", np.ones(40, bool))), 10)
        hidden = np.append(counts.size[:-1] < rng.choice([10, 14]), False)
        for target in np.flatnonzero(hidden & (counts.size < 10)):
            low, high = counts.interval(hidden, target)
            for move, end in ((1.0, high), (-1.0, low)):
                open_ = counts.swap(hidden, target, move)
                found[open_] += 1
                assert not open_ or move * (end - counts.size[target]) >= 1 - 1e-6
                held = hidden & (rng.random(hidden.size) < 0.3)
                assert counts.swap(hidden, target, move, held) <= open_
                assert not counts.swap(hidden, target, move, hidden)
    assert min(found.values()) > 20


@pytest.mark.whole
def test_random_populations_give_no_small_cell_to_an_attacker() -> None:
    """Age by group, profile of every group: what is printed leaves every small cell open."""
    rng = np.random.default_rng(20261128)
    attacked = 0
    for _ in range(25):
        ages, groups = ("age1", "age2", "age3", "age4"), ("ret", "non")
        kinds = [f"{a} {g}" for a in ages for g in groups]
        n = rng.negative_binomial(1, 0.03, len(kinds))
        label = np.repeat(kinds, n)
        if label.size < 100:
            continue
        one = np.array([kind.split(" ") for kind in label])
        cells = []
        for column in (*groups, "all"):
            whole = np.ones(label.size, bool) if column == "all" else one[:, 1] == column
            base = Persons.of("p", whole)
            if base.n:
                cells += [
                    share(a, column, base, Persons.of("p", whole & (one[:, 0] == a))) for a in ages
                ]
        out = decided(T=cells)
        present = list(dict.fromkeys(label))
        for c in out["T"].to_dict("records"):
            inside = np.array(
                [c["row"] in k and (c["column"] in (*k.split(), "all")) for k in present]
            )
            count = sum(int((label == k).sum()) for k, yes in zip(present, inside) if yes)
            if 0 < count < 10:
                assert c["status"] != "shown"
                assert attacker(out, label, inside.astype(float)) >= 1 - 1e-6
                attacked += 1
    assert attacked >= 20


@pytest.fixture(scope="module")
def sample() -> Sample:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 3, 200),
            "sex": np.where(rng.random(200) < 0.4, "men", "women"),
            "y": (rng.random(200) < 0.5).astype(float),
        }
    )
    return Sample.from_frame(frame, weights="w")


def test_estimates_name_the_persons_behind_them(sample: Sample) -> None:
    """The set read off the influence is the domain, counted person by person."""
    men = (sample.frame["sex"] == "men").to_numpy()
    e = mean(sample.where(men), "y")
    cells = cells_by(e, RULES, "y", "men")
    assert cells[STANDING].iloc[0].persons == Persons.among(sample, men)
    by_sex = cells_by(mean(sample, "y", by="sex"), RULES, "y", ["men", "women"])
    expected = [Persons.among(sample, men), Persons.among(sample, ~men)]
    assert [s.persons for s in by_sex[STANDING]] == expected
    everybody = cells_by(proportion(sample, "sex"), RULES, ["men", "women"], "all")
    assert {s.persons for s in everybody[STANDING]} == {Persons.among(sample)}


def test_pictures_and_sentences_see_published_cells_only() -> None:
    sets = people(young=40, old=6, middle=300)
    names = ("young", "old", "middle")
    out = decided(T=[share(name, "share", sets["all"], sets[name]) for name in names])
    published = published_cells([frame.assign(table=name) for name, frame in out.items()])
    seen: list[pd.DataFrame] = []

    def draw(cells: pd.DataFrame) -> str:
        seen.append(cells)
        return "drawn"

    keys = tuple(CellKey("T", name, "share") for name in names)
    assert PictureSpec("F", "Ages", draw, refers=keys).drawn(published) == "drawn"
    assert seen[0]["value"].isna().tolist() == [True, True, False]
    assert seen[0]["status"].tolist() == ["secondary", "confidential", "shown"]
    said = SentenceSpec("{v}% are old.", {"v": Number(keys[1], "value", 100.0, 1)})
    assert said.text(published, language("en")) == ""
    other = SentenceSpec("{v}% are old.", said.numbers, otherwise="Few are old.")
    assert other.text(published, language("en")) == "Few are old."
    middle = SentenceSpec("{v}% are middle-aged.", {"v": Number(keys[2], "value", 100.0, 1)})
    assert middle.text(published, language("en")) == "86.7% are middle-aged."
    assert published[keys[1]].status == Status.CONFIDENTIAL and not published[keys[1]].shown


def test_numbers_of_like_weights_give_away_whom_they_count() -> None:
    """A total over the weight is 60 unemployed, an exact fraction has its denominator, and a mean of
    whole numbers too; weights that differ tell none of them.
    """
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"one": 150.0, "many": rng.uniform(1, 3, 400), "all": 1.0})
    frame["out"] = (np.arange(400) < 60).astype(float)
    frame["age"] = rng.integers(15, 65, 400).astype(float)
    for weights, like in (("one", True), ("many", False)):
        s = Sample.from_frame(frame, weights=weights)
        out, everybody = Persons.among(s, frame["out"] == 1), Persons.among(s)
        expected = (
            (total(s, "out"), (out,)),
            (total(s, "all"), (everybody,)),
            (total(s, "age"), ()),
            (mean(s, "out"), (out, everybody)),
            (mean(s, "age"), (everybody,)),
            (ratio(s, "out", "all"), (out, everybody)),
            (ratio(s, "age", "all"), ()),
        )
        for estimate, told in expected:
            assert counted_in(estimate, 0) == (told if like else ())


def test_a_total_of_like_weights_is_hidden_with_the_number_of_persons_that_it_tells() -> None:
    """62 unemployed, 5 of whom came back: their total in thousands is 62 times the weight."""
    label = np.repeat(["back", "stayed", "in work"], [5, 57, 300])
    frame = pd.DataFrame({"w": 150.0, "out": (label != "in work").astype(float)})
    s = Sample.from_frame(frame, weights="w")
    sets = {name: Persons.among(s, label == name) for name in ("back", "stayed")}
    by_status = [counted(name, "unemployed", who) for name, who in sets.items()]
    number = cells_of([("all", "estimate", total(s, "out"))], RULES)
    decision = protect({"T08": rows(by_status), "T08c": number}, RULES)
    hidden = [*decision.status["T08"], *decision.status["T08c"]]
    assert hidden[0] == "confidential" and hidden[1:].count("secondary") == 1


@pytest.mark.parametrize("like", [True, False])
def test_a_curve_of_like_weights_tells_how_many_wait(like: bool) -> None:
    """Four of 60 are in work at enrolment; a curve that begins with 45/56 gives the 56 others."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"w": 1.0 if like else rng.uniform(1, 3, 60)}, index=range(60))
    frame["duration"] = np.repeat([3.0, 6.0, 9.0], 20)
    frame["event"] = (np.arange(60) % 2).astype(float)
    everybody = Sample.from_frame(frame, weights="w")
    waits = everybody.where(np.arange(60) >= 4)
    sets = {"work": Persons.among(everybody, ~waits.active), "none": Persons.among(waits)}
    months = [share(name, "0", Persons.among(everybody), who) for name, who in sets.items()]
    curve = rows(_waiting_cells("T", survival(waits, "duration", "event"), waits))
    decision = protect({"F08": rows(months), "F09": curve}, RULES)
    assert set(decision.status["F09"]) == {"secondary" if like else "shown"}


@pytest.mark.parametrize("strata", [1, 14])
def test_degrees_of_freedom_and_errors_give_no_withheld_number(strata: int) -> None:
    """Persons drawn one by one with like weights: their number less the strata are the degrees of
    freedom, and the error of a share gives n besides. 713 of 722 returnees were asked; persons of
    40 PSUs tell neither.
    """
    rng = np.random.default_rng(5)
    label = np.repeat(["young", "middle", "old"], [34, 679, 9])
    frame = pd.DataFrame(
        {
            "w": np.where(rng.random(label.size) < 0.5, 100.0, 900.0),
            "one": 100.0,
            "psu": rng.integers(0, 40, label.size),
            "took": rng.integers(0, 2, label.size),
            "label": label,
            "stratum": np.arange(label.size) % strata,
        }
    )
    alike = Sample.from_frame(frame, weights="one", strata="stratum")
    unlike = Sample.from_frame(frame, weights="w", strata="stratum")
    clustered = Sample.from_frame(frame, weights="w", psu="psu")
    asked = label != "old"
    published = {}
    samples = {"alike": alike, "unlike": unlike, "clustered": clustered}
    for name, sample in samples.items():
        sets = {g: Persons.among(sample, label == g) for g in ("young", "middle", "old")}
        everybody = Persons.among(sample)
        profile = [share(group, "returnees", everybody, inside) for group, inside in sets.items()]
        took = cells_of([("any measure", "took part", mean(sample.where(asked), "took"))], RULES)
        told = replace(took[STANDING].iloc[0], tells=())  # weights aside
        took = took.assign(standing=told)
        places = {"T07": rows(profile), "T10": took}
        decision = protect(places, RULES)
        assert recovered_sets(places, decision, RULES.min_cell) == []
        published[name] = applied("T10", took, decision).iloc[0]
        assert np.isnan(published[name]["n"])
    for name in ("alike", "unlike"):
        assert published[name]["status"] == "secondary" and np.isnan(published[name]["degf"])
    assert published["clustered"]["status"] == "shown" and published["clustered"]["degf"] < 40


CASES = {"1.1": 61, "1.2": 13, "2.1": 20, "2.2": 30, "2.32": 6, "3.1": 12}  # AAPOR code -> persons


def response(weight: np.ndarray) -> tuple[pd.DataFrame, dict[str, Persons]]:
    """Rates of 142 persons of one wave, and who ended with each code."""
    codes = np.repeat(list(CASES), list(CASES.values()))
    frame = pd.DataFrame({"id": np.arange(codes.size), "wave": 1, "code": codes, "w": weight})
    persons = Sample.from_frame(frame[["id", "w"]], weights="w")
    panel = TracerPanel.from_frame(frame, "id", "wave", sample=persons, disposition="code")
    rates = panel.outcome_rates().annotated(kind="share")
    cells = cells_by(rates, RULES, "wave 1", [str(rate) for rate in rates.keys["rate"]])
    return cells, {code: Persons.among(persons, codes == code) for code in CASES}


def test_rates_of_like_weights_do_not_give_away_what_the_flow_hides() -> None:
    """RR1, RR2, REF1 and COOP1 beside n are numbers of persons: interviews over cooperation, less
    interviews, partial ones and refusals, are the six other cases that the flow hides.
    """
    rates, ended = response(np.ones(sum(CASES.values())))
    flow = rows([counted("wave 1", code, persons) for code, persons in ended.items()])
    places = {"T13": rates, "F03": flow}
    decision = protect(places, RULES)
    assert recovered_sets(places, decision, RULES.min_cell) == []
    share = applied("T13", rates, decision).set_index("column")["value"] * sum(CASES.values())
    count = applied("F03", flow, decision).set_index("column")["value"]
    assert np.isnan(count["2.32"])
    cooperation = applied("T13", rates, decision).set_index("column").loc["COOP1", "value"]
    refused = [n for n in (share["REF1"], count["2.1"]) if np.isfinite(n)]
    interviews = [n for n in (share["RR1"], count["1.1"]) if np.isfinite(n)]
    partial = [n for n in (share["RR2"] - share["RR1"], count["1.2"]) if np.isfinite(n)]
    others = [i / cooperation - i - p - r for i, p, r in product(interviews, partial, refused)]
    assert not np.isfinite(others).any()
    assert (rates.set_index("column").loc["COOP1", "value"] > 0) and share.notna().sum() > 5


def test_rates_of_unlike_weights_are_no_numbers_of_persons() -> None:
    rates, ended = response(np.linspace(1, 3, sum(CASES.values())))
    assert all(standing.tells == () for standing in rates[STANDING])
    told = response(np.full(sum(CASES.values()), 2.5))[0].set_index("column")[STANDING]
    assert [persons.n for persons in told["COOP1"].tells] == [61, 100]
    assert ended["2.32"].n == CASES["2.32"]


def test_ends_of_an_interval_are_hidden_with_an_estimate_that_gives_another_away() -> None:
    """Their middle is the estimate. All 60 are men and women; the men are 8."""
    who = people(men=8, women=52)
    everybody = Persons.of("p", who["men"].rows | who["women"].rows)
    share_of_men = share("men", "share", everybody, who["men"])
    share_of_women = share("women", "share", everybody, who["women"])
    ends = [plain("women", column, 0.5, "share", kind="effect") for column in ("from", "to")]
    out = decided(T1=[share_of_men, share_of_women, *ends])["T1"]
    assert out["status"].tolist() == ["confidential", *["secondary"] * 3]
    assert out["value"].isna().all()


def test_a_cell_that_counts_without_saying_whom_is_refused() -> None:
    """An n that no set of persons stands for would pass by the protection."""
    with pytest.raises(DisclosureError, match=r"T1, row, all: who n counts is not said"):
        decided(T1=[plain("row", "all", 0.5, n=12)])
    measures = decided(T1=[plain("row", "all", 0.5, n=3, standing=NO_PERSONS)])["T1"]
    assert list(measures["n"]) == [3]


def test_a_reason_tells_neither_how_many_there_are_nor_who() -> None:
    problem = Problem("no comparison rows", "column 'd'", "both groups", "2 treated, 0 comparison")
    told = EstimateError(problem.in_rows(np.array([17, 23])))
    assert "2 treated" in str(told.message) and "17" in str(told.message)
    assert str(told.reason) == "no comparison rows: column 'd'. Expected both groups."
