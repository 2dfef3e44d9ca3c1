"""Designs that the params name: one table each, through the gate, in words of their own assumption;
what the data cannot carry says why, in the report and in `mismes check`.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.errors import InputError, ParamsError
from mismes_eval.evaluation.attempt import attempted
from mismes_eval.evaluation.demands import of_designs
from mismes_eval.evaluation.designs import DID, IN_WORDS, Beside, across
from mismes_eval.evaluation.evaluation import Evaluation, evaluate
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.evaluation.rollout import earlier_round
from mismes_eval.evaluation.tracer_effects import complete_cases
from mismes_eval.evaluation.tracer_study import TREATED
from mismes_eval.report.chapters.base import Chapter, Context
from mismes_eval.report.chapters.designs import design_items
from mismes_eval.report.country import release
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table
from mismes_eval.report.figures import Figure

NAMED = {
    "designs.beside_survey": {"MDA-001": "entropy", "MDA-002": "match"},
    "designs.traits": {"male": "male", "age_enrol": "age", "educat7": "educat7"},
    "designs.residents": {"mig_status": ("RET",), "msm_part": ("missing",)},
    "designs.dose": {"MDA-001": "hours"},
    "designs.switching": {"MDA-001": "abroad"},
    "designs.first_job": {"MDA-001": 24.0, "MDA-002": 200.0},
    "designs.imputed": {"MDA-001": "earnings"},
    "designs.imputations": 3,
}


@pytest.fixture(scope="module")
def params(root: Path) -> Params:
    return Params.load(root / "params" / "MDA.yaml").changed(NAMED)


@pytest.fixture(scope="module")
def evaluation(params: Params) -> Evaluation:
    return evaluate(params)


def shown(evaluation: Evaluation, code: str = "en", rules: Rules | None = None) -> list[object]:
    """What the chapter shows, after the gate."""
    context = Context(evaluation, rules or Rules(), language(code))
    assert evaluation.tracing is not None
    built = Chapter("impact", "Impact", tuple(design_items(context, evaluation.tracing)))
    return list(release(context, {"impact": built}).chapters["impact"].items)


@pytest.fixture(scope="module")
def items(evaluation: Evaluation) -> list[object]:
    return shown(evaluation)


def of(evaluation: Evaluation, design: str, measure: str = "MDA-001") -> Beside:
    return next(b for b in evaluation.beside if (b.design, b.measure) == (design, measure))


def table(items: list[object], id: str) -> Table:
    return next(i for i in items if isinstance(i, Table) and i.id == id)


@pytest.mark.whole
def test_each_design_has_its_table_its_words_and_when_not(items: list[object]) -> None:
    tables = {i.id: i for i in items if isinstance(i, Table)}
    ids = ["T40", "T41-MDA-001", "T42-MDA-001", "T43-MDA-001", "T44-MDA-001", "T45-MDA-001"]
    assert list(tables) == [*ids, "T41-MDA-002", "T46-MDA-001", "T46-MDA-002"]
    words = [i for i in items if isinstance(i, str)]
    for id in ids[1:]:
        assert any(note.startswith("When not: ") for note in tables[id].notes)
        assert sum(w.startswith(tables[id].title) for w in words) == 1
    assert len(words) == 1 + len(set(tables["T40"].cells["row"]))
    assert any("in the traits named alone" in w for w in words)
    assert any("strong parallel trends" in w for w in words)


def test_the_table_of_all_names_what_each_estimates(items: list[object]) -> None:
    whole = table(items, "T40")
    rows = whole.cells[whole.cells["column"] == "estimate"]
    *estimands, units = whole.notes
    assert len(rows) == len(estimands) == 7
    assert units.startswith("Units: ") and units.count("percentage points") >= 1
    assert set(rows.loc[rows["status"] == "shown", "unit"]) == {"share", "months", "MDL"}


def test_what_the_data_cannot_carry_says_why(evaluation: Evaluation, items: list[object]) -> None:
    beyond = of(evaluation, "first_job", "MDA-002")
    assert isinstance(beyond.effect, me.NotEstimable)
    said = [i for i in items if isinstance(i, str) and "200 months: could not" in i]
    assert len(said) == 1 and "after the last observation" in said[0]
    cell = table(items, "T40").cells.query("row.str.contains('200 months')", engine="python")
    assert list(cell["status"]) == ["not estimable"]


@pytest.mark.whole
def test_check_says_which_designs_the_data_carry(params: Params) -> None:
    lines = [line for line in readiness(params).lines if line.startswith("designs.")]
    assert len(lines) == 7
    assert "designs.dose, MDA-001: carried" in lines
    assert any(line.startswith("designs.first_job, MDA-002: not estimable: ") for line in lines)


def test_residents_are_those_named_and_none_who_took_part(
    evaluation: Evaluation, root: Path
) -> None:
    people = pd.read_parquet(root / "data_raw" / "MDA" / "lfs_person.parquet")
    took = people["msm_part"].fillna("") != ""
    wanted = (
        (people["mig_status"] == "RET") & ~took & people[["male", "educat7"]].notna().all(axis=1)
    )
    wanted &= people["lstatus"].notna() & people["age"].notna()
    _, residents = of(evaluation, "beside_survey").groups
    assert int(residents.active.sum()) == int(wanted.sum())


@pytest.mark.golden
def test_balanced_difference_by_hand(evaluation: Evaluation) -> None:
    """Entropy weights by Newton steps on the dual; difference of weighted means."""
    b = of(evaluation, "beside_survey")
    ones, others = b.groups
    traits = ["male", "age_enrol", "educat7"]

    def arrays(s: me.Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        f = s.frame[s.active]
        return f[traits].to_numpy(float), f["_outcome"].to_numpy(float), s.weights[s.active]

    (x1, y1, w1), (x0, y0, w0) = arrays(ones), arrays(others)
    centre = np.average(x1, axis=0, weights=w1)
    c, beta = (x0 - centre) / x0.std(axis=0), np.zeros(3)
    for _ in range(50):
        v = w0 * np.exp(c @ beta)
        beta -= np.linalg.solve(c.T @ (v[:, None] * c), v @ c)
    by_hand = np.average(y1, weights=w1) - np.average(y0, weights=w0 * np.exp(c @ beta))
    assert isinstance(b.effect, me.Estimate)
    assert b.effect.value[0] == pytest.approx(by_hand, rel=1e-8)


@pytest.mark.golden
def test_mean_effect_of_doses_is_the_mean_change(evaluation: Evaluation) -> None:
    """A spline with a constant keeps the mean: the effect over the treated is their mean change
    less that of the others."""
    b = of(evaluation, "dose")
    change = []
    for s in b.groups:
        f = s.frame[s.active]
        change.append(np.average(f["employed@3"] - f["employed@0"], weights=s.weights[s.active]))
    assert isinstance(b.effect, me.Estimate)
    assert b.effect.value[0] == pytest.approx(change[0] - change[1], rel=1e-10)


def test_hours_are_those_of_the_services(evaluation: Evaluation, root: Path) -> None:
    service = pd.read_parquet(root / "data_raw" / "MDA" / "tracer_service.parquet")
    hours = service[service["measure_id"] == "MDA-001"].groupby("person_id")["hours"].sum()
    ones, _ = of(evaluation, "dose").groups
    f = ones.frame[ones.active]
    assert (f["_dose"].to_numpy() == f["person_id"].map(hours).to_numpy()).all()


@pytest.mark.identity
def test_switching_over_waves_is_switching_in_long_rows(evaluation: Evaluation) -> None:
    panel = complete_cases(evaluation.tracing.of("MDA-001"))
    waves = me.switching_effects(panel, "employed", "abroad")
    status = np.column_stack([panel.values("abroad", w) for w in panel.waves])
    y = np.column_stack([panel.values("employed", w) for w in panel.waves])
    keep = panel.weight_sample(None).active & ~np.isnan(np.column_stack([status, y])).any(axis=1)
    person = np.repeat(np.arange(panel.n), len(panel.waves))
    at = np.tile(np.arange(len(panel.waves)), panel.n)
    design = panel.sample.design
    long = pd.DataFrame(
        {
            "i": person,
            "t": at,
            "d": status[person, at],
            "y": y[person, at],
            "w": design.base[person],
            "psu": panel.sample.frame["psu"].to_numpy()[person],
            "strata": panel.sample.frame["strata"].to_numpy()[person],
        }
    )
    rows = me.Sample.from_frame(long, weights="w", strata="strata", psu="psu")
    found = me.switching_effects(rows.where(keep[person]), "y", "d", "t", "i")
    assert list(waves.value) == pytest.approx(list(found.value), rel=1e-10)
    assert list(waves.se) == pytest.approx(list(found.se), rel=1e-8)


@pytest.mark.whole
def test_imputed_interval_is_rubins(evaluation: Evaluation) -> None:
    e = of(evaluation, "imputed").effect
    assert not isinstance(e, (me.Estimate, me.NotEstimable))
    reach = stats.t.ppf(0.975, e.degf[0]) * e.se[0]
    cells = table(shown(evaluation), "T45-MDA-001").cells
    whole = cells[cells["row"] == cells["row"].iloc[0]].set_index("column")["value"]
    assert whole["95% from"] == pytest.approx(e.value[0] - reach, rel=1e-12)
    assert whole["95% to"] == pytest.approx(e.value[0] + reach, rel=1e-12)


def test_the_curve_names_every_estimand_and_mixes_no_units(evaluation: Evaluation) -> None:
    effect = next(e for e in evaluation.effects if e.measure == "MDA-001")
    curve = across(effect, evaluation.beside, "employed", 3)
    table = curve.to_frame()
    names = [DID, *(IN_WORDS[d] for d in ("beside_survey", "dose", "switching"))]
    assert list(table["specification"]) == names
    assert table["estimand"].nunique() == len(names)
    assert curve.notes == (
        "In other units or of another outcome: wait for a first job, answers imputed.",
    )
    for design in ("beside_survey", "dose", "switching"):
        e = of(evaluation, design).effect
        assert isinstance(e, me.Estimate)
        drawn = table[table["specification"] == IN_WORDS[design]].iloc[0]
        assert (drawn["ci_low"], drawn["ci_high"]) == tuple(float(v[0]) for v in e.ends())
    assert curve.result(DID) is effect.by_wave["employed", 3]


def test_the_figure_is_of_the_curve(items: list[object]) -> None:
    figures = {i.id: i for i in items if isinstance(i, Figure)}
    assert list(figures) == ["F40-MDA-001", "F40-MDA-002", "F41-MDA-001", "F41-MDA-002"]
    assert len(figures["F40-MDA-001"].data) == 4
    assert any("another estimand" in n for n in figures["F40-MDA-001"].notes)


def test_small_groups_are_not_shown(evaluation: Evaluation) -> None:
    few = shown(evaluation, rules=Rules(min_mean=700))
    cells = table(few, "T40").cells
    row = cells[cells["row"].str.contains("residents") & cells["row"].str.contains("001")]
    assert list(row["status"]) == ["not estimable"]
    assert not any(isinstance(i, Table) and i.id == "T41-MDA-001" for i in few)
    figure = next(i for i in few if isinstance(i, Figure) and i.id == "F40-MDA-001")
    assert IN_WORDS["beside_survey"] not in set(figure.data["specification"])


@pytest.mark.whole
def test_participants_without_hours_are_left_out_and_named(evaluation: Evaluation) -> None:
    assert evaluation.tracing is not None and evaluation.tracing.services is not None
    ones, _ = of(evaluation, "dose").groups
    lost = set(ones.frame.loc[ones.active, "person_id"].iloc[:7])
    services = evaluation.tracing.services
    fewer = services[~services["person_id"].isin(lost)]
    fewer_hours = replace(evaluation.tracing, services=fewer, kept={})
    other = replace(evaluation, tracing=fewer_hours)
    b = of(other, "dose")
    assert int(b.groups[0].active.sum()) == int(ones.active.sum()) - 7
    assert any(str(n).startswith("Participants without a recorded dose") for n in b.notes)
    assert not any("7" in str(n) for n in b.notes)
    arm = b.groups[0].frame.loc[b.groups[0].active, TREATED]
    assert set(arm) == {1.0}


def lacking(params: Params, evaluation: Evaluation) -> list[str]:
    """What the designs name and the files lack."""
    traced = evaluation.tracing
    found = of_designs(params, traced.panel, traced, evaluation.survey, evaluation.earlier)
    return [str(problem) for problem in found]


def test_what_the_files_lack_is_refused_with_the_key(
    params: Params, evaluation: Evaluation
) -> None:
    wrong = params.changed(
        {
            "designs.dose": {"MDA-009": "hours"},
            "designs.switching": {"MDA-001": "away"},
            "designs.traits": {"age": "age", "male": "sex"},
        }
    )
    told = lacking(wrong, evaluation)
    assert len(told) == 4
    for word in ("MDA-009", "away", "designs.traits", "sex"):
        assert any(word in t for t in told)


def test_a_method_that_is_none_is_refused_by_the_schema(root: Path, tmp_path: Path) -> None:
    text = (root / "params" / "MDA.yaml").read_text(encoding="utf-8")
    (tmp_path / "params").mkdir()
    os.symlink(root / "data_raw", tmp_path / "data_raw")
    file = tmp_path / "params" / "MDA.yaml"
    more = "\ndesigns:\n  beside_survey: {MDA-001: entropi}\n  first_job: {MDA-001: 0}\n"
    file.write_text(text + more, encoding="utf-8")
    with pytest.raises(ParamsError) as caught:
        Params.load(file, data_root=root)
    told = str(caught.value)
    assert "Nearest: entropy" in told and "first_job" in told and "out of range" in told


@pytest.mark.whole
def test_french_has_a_sentence_for_each(evaluation: Evaluation) -> None:
    words = [i for i in shown(evaluation, "fr") if isinstance(i, str)]
    assert sum("intervalle à 95" in w for w in words) == 6
    assert not any("interval " in w or "if those" in w for w in words)


def test_nothing_is_shown_where_none_is_named(evaluation: Evaluation, root: Path) -> None:
    bare = Params.load(root / "params" / "MDA.yaml")
    assert shown(replace(evaluation, params=bare)) == []


def test_a_design_as_a_frame(evaluation: Evaluation) -> None:
    b = of(evaluation, "first_job")
    frame = b.to_frame()
    assert len(frame) == 1 + len(b.lines) and frame["number"].iloc[0] == str(b.estimand)
    assert isinstance(b.effect, me.Estimate)
    assert frame["value"].iloc[0] == b.effect.value[0]
    assert of(evaluation, "first_job", "MDA-002").to_frame()["why not"].notna().all()


@pytest.mark.whole
@pytest.mark.identity
def test_those_lost_before_a_first_job_are_stood_for_by_those_alike(
    root: Path, evaluation: Evaluation
) -> None:
    """`designs.lost_given`: the verbs one after the other; its assumption and its note say so."""
    given = ("male", "age_enrol")
    only = {"designs.first_job": {"MDA-001": 24.0}, "designs.lost_given": given}
    bare = Params.load(root / "params" / "MDA.yaml")
    found = of(evaluate(bare.changed(only)), "first_job")
    plain = of(evaluation, "first_job")
    inside = plain.groups[0].domain | plain.groups[1].domain
    waits = plain.groups[0].everybody().where(inside)
    weighted = me.censoring_weights(waits, "duration", "event", 24, given, TREATED)
    means = me.rmst(weighted, "duration", "event", 24, by=TREATED)
    expected = means.contrast({means.names[1]: 1.0, means.names[0]: -1.0})
    assert isinstance(found.effect, me.Estimate) and isinstance(plain.effect, me.Estimate)
    assert found.effect.value[0] == pytest.approx(expected.value[0], abs=1e-10)
    assert found.effect.se[0] == pytest.approx(expected.se[0], rel=1e-9)
    assert found.effect.value[0] != pytest.approx(plain.effect.value[0], abs=1e-9)
    assert "alike in what the weights know" in str(found.assumption)
    assert "male, age_enrol" in str(found.notes[0])


@pytest.mark.identity
def test_residents_are_drawn_as_alike_as_the_weights_made_them(
    evaluation: Evaluation, items: list[object]
) -> None:
    """Entropy balancing meets the means: nothing is left; before, the difference by hand."""
    found = of(evaluation, "beside_survey").alikeness
    assert not isinstance(found, me.NotEstimable) and found is not None
    assert found.table["after"].abs().max() < 1e-8
    ones, others = of(evaluation, "beside_survey").groups
    x1, x0 = (s.frame.loc[s.active, "male"].to_numpy(float) for s in (ones, others))
    w1, w0 = (s.weights[s.active] for s in (ones, others))
    centre = np.average(x1, weights=w1)
    spread = np.sqrt(np.average((x1 - centre) ** 2, weights=w1))
    expected = (centre - np.average(x0, weights=w0)) / spread
    assert found.table["before"].iloc[0] == pytest.approx(expected, abs=1e-10)
    figures = [i.id for i in items if isinstance(i, Figure)]
    assert "F41-MDA-001" in figures and "F41-MDA-002" in figures


@pytest.mark.whole
def test_why_a_design_gives_nothing_is_said_in_french(evaluation: Evaluation) -> None:
    words = [i for i in shown(evaluation, "fr") if isinstance(i, str) and "200" in i]
    assert len(words) == 1
    assert "après la dernière observation" in words[0]
    assert "asked" not in words[0] and "times up to" not in words[0]


@pytest.fixture(scope="module")
def with_baseline(params: Params, evaluation: Evaluation) -> Evaluation:
    """Residents of the round of 2020 as baseline; the rounds have no column educat7."""
    only = {
        "designs.beside_survey": {"MDA-001": "entropy", "MDA-002": "match"},
        "designs.traits": {"male": "male", "age_enrol": "age"},
        "designs.round_before": "2020",
    }
    changed = params.changed(only)
    return replace(evaluation, params=changed, earlier=earlier_round(changed))


@pytest.mark.golden
def test_difference_in_differences_against_residents_of_two_rounds(
    with_baseline: Evaluation,
) -> None:
    """Entropy weights of each round by Newton steps on the dual; the change of participants less
    the difference of the weighted means of residents.
    """
    b = of(with_baseline, "beside_survey")
    arrays = []
    for s in b.groups:
        f = s.frame[s.active]
        x = f[["male", "age_enrol"]].to_numpy(float)
        arrays.append((x, f["_outcome"], f["_outcome_before"], s.weights[s.active]))
    (x1, after, before, w1), now, earlier = arrays
    centre = np.average(x1, axis=0, weights=w1)

    def level(x: np.ndarray, y: pd.Series, w: np.ndarray) -> float:
        c, beta = (x - centre) / x.std(axis=0), np.zeros(2)
        for _ in range(50):
            v = w * np.exp(c @ beta)
            beta -= np.linalg.solve(c.T @ (v[:, None] * c), v @ c)
        return float(np.average(y, weights=w * np.exp(c @ beta)))

    moved = level(now[0], now[1], now[3]) - level(earlier[0], earlier[2], earlier[3])
    by_hand = np.average(after - before, weights=w1) - moved
    assert isinstance(b.effect, me.Estimate)
    assert b.effect.value[0] == pytest.approx(by_hand, rel=1e-8)
    assert "parallel trends" in b.assumption and "change" in b.estimand
    parts = [line.answer for line in b.lines[:2]]
    assert all(isinstance(p, me.Estimate) for p in parts)
    assert parts[0].value[0] - parts[1].value[0] == pytest.approx(by_hand, rel=1e-8)  # type: ignore[union-attr]


@pytest.mark.whole
@pytest.mark.identity
def test_residents_who_were_asked_back_are_compared_in_their_change(
    params: Params, evaluation: Evaluation
) -> None:
    """A column of the survey as baseline: the difference of weighted mean changes, error included."""
    own = evaluation.survey.sample
    year_ago = np.where(np.arange(own.n) % 3 == 0, 1.0, own.frame["lstatus"].to_numpy(float))
    asked = replace(evaluation.survey, sample=own.with_columns({"lstatus_year": year_ago}))
    changed = params.changed({"designs.residents_before": "lstatus_year"})
    whole = replace(evaluation, params=changed, survey=asked)
    b, matched = (of(whole, "beside_survey", m) for m in ("MDA-001", "MDA-002"))
    both = b.groups[0].everybody().where(b.groups[0].domain | b.groups[1].domain)
    change = (both.frame["_outcome"] - both.frame["_outcome_before"]).to_numpy(float)
    alike = me.balance_weights(
        both.with_columns({"change": change}), "_took_part", ["male", "age_enrol", "educat7"]
    )
    by = me.mean(alike, "change", by="_took_part")
    expected = by.contrast({by.names[1]: 1.0, by.names[0]: -1.0})
    assert isinstance(b.effect, me.Estimate)
    assert b.effect.value[0] == pytest.approx(expected.value[0], abs=1e-12)
    assert b.effect.se[0] == pytest.approx(expected.se[0], rel=1e-9)
    assert b.effect.degf[0] == pytest.approx(expected.degf[0], rel=1e-6)
    assert isinstance(matched.effect, me.Estimate) and matched.changes


@pytest.mark.whole
@pytest.mark.identity
def test_the_table_of_balance_is_that_of_the_weights(with_baseline: Evaluation) -> None:
    b = of(with_baseline, "beside_survey", "MDA-002")
    cells = table(shown(with_baseline), "T46-MDA-002").cells.set_index(["row", "column"])["value"]
    x1, x0 = (s.frame.loc[s.active, "age_enrol"].to_numpy(float) for s in b.groups[:2])
    w1, w0 = (s.weights[s.active] for s in b.groups[:2])
    ratio = np.cov(x1, aweights=w1, ddof=0) / np.cov(x0, aweights=w0, ddof=0)
    assert cells["age at enrolment", "ratio of variances before"] == pytest.approx(ratio)
    nearest = me.match(
        b.groups[0].everybody().where(b.groups[0].domain | b.groups[1].domain),
        "_outcome",
        "_took_part",
        ["male", "age_enrol"],
    ).extra["weights"]
    use = np.asarray(nearest)[b.groups[1].active]
    size = use.sum() ** 2 / (use**2).sum()
    assert cells["residents: persons in effect", "difference after"] == pytest.approx(size)
    assert ("men", "ratio of variances before") not in cells.index


@pytest.mark.whole
def test_traits_with_rare_answers_are_in_no_table_of_balance(evaluation: Evaluation) -> None:
    items = shown(evaluation, rules=Rules(min_cell=450, min_mean=450))
    assert "men" not in set(table(items, "T46-MDA-001").cells["row"])
    figure = next(i for i in items if isinstance(i, Figure) and i.id == "F41-MDA-001")
    assert "male" not in set(figure.data["variable"])


@pytest.mark.whole
def test_a_baseline_that_cannot_be_is_refused(params: Params, evaluation: Evaluation) -> None:
    wrong = params.changed(
        {
            "designs.beside_survey": {"MDA-001": "overlap"},
            "designs.round_before": "2023",
            "designs.residents_before": "lstatus_yaer",
        }
    )
    told = "\n".join(lacking(wrong, evaluation))
    for words in ("overlap weights change participants", "not from before", "lstatus_yaer"):
        assert words in told
    empty = params.changed({"designs.residents": {"mig_status": ("RET", "nobody")}})
    (told,) = lacking(empty, evaluation)
    assert "got nobody" in told and "designs.residents" in told and "RET" in told
    empty = params.changed({"designs.residents": {"mig_status": ("nobody",)}})
    told = of(replace(evaluation, params=empty), "beside_survey").effect
    assert isinstance(told, me.NotEstimable) and "nobody is left to compare" in told.reason
    with pytest.raises(InputError, match="2020, 2021, 2022, 2023"):
        earlier_round(params.changed({"designs.round_before": "1999"}))


def refused() -> list[Callable[[], object]]:
    """Calls of the designs that the data do not carry, as a report may make them."""
    r = np.random.default_rng(3)
    f = pd.DataFrame({"x": r.normal(size=60), "y": r.normal(size=60), "w": 1.0})
    f["d"], f["one"], f["gap"] = np.arange(60) % 2, 1, np.where(f["x"] > 0, f["y"], np.nan)
    f["t"], f["id"], f["b"] = np.arange(60) % 3, np.arange(60) // 3, (np.arange(60) > 58) * 1
    f["wait"], f["way"], f["word"] = 1.0 + np.arange(60) % 7, "job", "yes"
    f["few"] = np.where(np.arange(60) < 3, 5.0, 0.0)
    f["far"] = f["x"] + 100 * f["d"]
    s = me.Sample.from_frame(f, weights="w")
    return [
        lambda: me.dose_response(s, ("y", "x"), "few", degree=1),
        lambda: me.switching_effects(s, "y", "one", "t", "id"),
        lambda: me.switching_effects(s.where(f.index > 0), "y", "one", "t", "id"),
        lambda: me.match(s.where(f["d"] == 1), "y", "d", ["x"]),
        lambda: me.match(s.with_columns({"z": 2 * f["x"]}), "y", "d", ["x", "z"]),
        lambda: me.match(s, "y", "d", ["x"], caliper=1e-9),
        lambda: me.impute(s, ["y", "word"], ["gap"]),
        lambda: me.itt(s, "y", "one"),
        lambda: me.itt(s, "y", "d", blocks="b"),
        lambda: me.itt(s.with_columns({"z": 2 * f["x"]}), "y", "d", ["x", "z"]),
        lambda: me.itt(s.where(f["w"] > 2), "y", "d"),
        lambda: me.late(s, "y", "one", "d"),
        lambda: me.late_bounds(s, "y", "one", "d", "d"),
        lambda: me.balance_weights(s, "one", ["x"]),
        lambda: me.balance_weights(s, "d", ["far"]),
        lambda: me.balance_weights(s.with_columns({"z": 2 * f["x"]}), "d", ["x", "z"]),
        lambda: me.censoring_weights(s, "x", "d", 5),
        lambda: me.censoring_weights(s, "wait", "d", 90),
        lambda: me.censoring_weights(s, "wait", "d", 6, "d"),
        lambda: me.rmst(s, "wait", "d", 90),
        lambda: me.survival(s.with_columns({"none": 0}), "wait", "none"),
        lambda: me.cumulative_incidence(s, "wait", "way", "abroad"),
    ]


@pytest.mark.parametrize("code", ["fr", "ro"])
@pytest.mark.parametrize("place", range(len(refused())))
def test_what_a_design_refuses_is_said_in_the_language(place: int, code: str) -> None:
    found = attempted(refused()[place])
    assert isinstance(found, me.NotEstimable)
    t = replace(language(code), unknown=set())
    assert t(found.reason) != str(found.reason)
    assert t.unknown == set()
