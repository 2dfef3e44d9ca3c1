"""Countries side by side, from what their reports published: indicators, contrasts, effects and
their summary, what was never evaluated. No microdata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.evaluation.claims.overall import OverallClaim, overall
from mismes_eval.evaluation.features import FeatureContrast, feature_contrasts
from mismes_eval.evaluation.outside_evidence import (
    OutsideEvidence,
    Together,
    beside,
    features_together,
    together,
)
from mismes_eval.evaluation.published_effects import Published, spoken_ends, unlike
from mismes_eval.evaluation.success_factors import FACTORS
from mismes_eval.evaluation.summaries import Summary, summaries
from mismes_eval.frame.codes import codes
from mismes_eval.message import unpacked

CONCEPTS: Mapping[str, str] = {
    "year": "Reference year",
    "migrant": "Who is a migrant",
    "ages": "Labour force indicators",
    "neet": "Young people",
    "icls": "ICLS version",
    "isco": "ISCO version",
    "isced": "ISCED version",
}
_RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "L1": ("migrant",),
    "L2": (),
    "L3": ("ages", "icls"),
    "L3.neet": ("neet", "icls"),
    "L4": ("ages", "icls"),
    "L5": ("ages", "icls", "isco", "isced"),
    "L6": ("migrant", "isco"),
    "L8": ("migrant",),
    "L9": ("migrant", "ages"),
    "L10": ("ages", "icls"),
    "L12": ("migrant",),
    "L12.aware": (),
}
UNEVALUATED = ("overdue", "due next", "later", "no start date")
NUMBERS = ("value", "se", "ci_low", "ci_high", "n", "degf")
JOB_COSTS = (
    *("measure", "model", "value", "ci_low", "ci_high", "status"),
    *("currency", "price_year", "horizon", "measured"),
)


@dataclass(frozen=True)
class Synthesis:
    """Everything in long form, one row a number; amounts in million euro.

    indicators : id, title, group, country, value, se, ci_low, ci_high, n, degf, flag, kind, unit,
        definition, status.
    definitions : concept, country, text.
    comparable : id, group, sets (of countries that share every definition), reason why several.
    contrasts : id, title, group, first, second, value (first - second), se, degf, ci_low, ci_high,
        p, p_holm.
    effects : country, measure, model, outcome, months, design, value, se, ..., moved_apart, main;
        ci_low, ci_high with which the report speaks.
    summaries : one a model and outcome.
    features : contrasts of features of measures over the main effects, measures as units; with a
        file of evidence over own and outside effects together.
    evidence : own main effects and those of outside evaluations, one row an effect (see
        `outside_evidence.beside`).
    together : their means, measures as units; empty without outside evaluations.
    models : model, country, measures, evaluated, with_comparison, effects.
    budget, due : one row a country.
    job_costs : cost per additional job-year of each measure (see `job_costs_of`).
    claims : every claim of the ledger over all countries; empty where no report tests them.
    """

    countries: tuple[str, ...]
    synthetic: tuple[str, ...]
    indicators: pd.DataFrame
    definitions: pd.DataFrame
    comparable: pd.DataFrame
    contrasts: pd.DataFrame
    effects: pd.DataFrame
    summaries: tuple[Summary, ...]
    features: tuple[FeatureContrast, ...]
    evidence: pd.DataFrame
    together: tuple[Together, ...]
    models: pd.DataFrame
    budget: pd.DataFrame
    due: pd.DataFrame
    job_costs: pd.DataFrame
    claims: tuple[OverallClaim, ...] = ()

    def never_evaluated(self) -> pd.DataFrame:
        """Models with measures on record, of which none was evaluated and none has an effect, by
        country.
        """
        m = self.models
        return m[(m["measures"] > 0) & (m["evaluated"] == 0) & (m["effects"] == 0)].reset_index(
            drop=True
        )


def compare(
    reports: Sequence[Published], mixed: bool = False, evidence: OutsideEvidence | None = None
) -> Synthesis:
    """Put the reports of two or more countries side by side.

    Parameters
    ----------
    reports : one a country; their samples are independent.
    mixed : allow made-up and real data beside one another.
    evidence : effects of outside evaluations (see `read_evidence`).

    Raises
    ------
    ParamsError : fewer than two countries, a country twice, made-up and real data together without
        `mixed`; made-up outside effects beside real reports, always.
    """
    _check(reports, mixed, evidence)
    reports = sorted(reports, key=lambda r: r.country)
    indicators = _gathered(
        reports,
        "indicators",
        ("id", "title", "group", "flag", "kind", "unit", "definition", "status"),
    )
    effects, sets = effects_of(reports), _comparable(reports, indicators)
    rows = beside(effects, reports, evidence)
    features = tuple(feature_contrasts(effects) if evidence is None else features_together(rows))
    return Synthesis(
        countries=tuple(report.country for report in reports),
        synthetic=tuple(report.country for report in reports if report.synthetic),
        indicators=indicators,
        definitions=_definitions(reports),
        comparable=sets,
        contrasts=_contrasts(indicators, sets),
        effects=effects,
        summaries=tuple(summaries(effects)),
        features=features,
        evidence=rows,
        together=() if evidence is None else tuple(together(rows)),
        models=_models(reports, effects),
        budget=_budget(reports),
        due=_due(reports),
        job_costs=job_costs_of(reports),
        claims=overall(reports, features),
    )


def effects_of(reports: Sequence[Published]) -> pd.DataFrame:
    """The effects that reports publish, one row an effect; ci_low, ci_high: the interval with which
    the report speaks, which may be wider than se tells; grade, design_code: "" where there is none.
    """
    effects = _gathered(
        reports,
        "effects",
        (
            *("measure", "model", "outcome", "unit_of_outcome", "design", "design_code", "method"),
            *("months", "moved_apart", "main", "covariates", "status", "grade"),
            *("spoken_low", "spoken_high", *FACTORS),
            *("manifest_sha256", "synthetic"),  # of the report
        ),
    )
    ends = [spoken_ends(effect) for effect in effects.to_dict("records")]
    spoken = pd.DataFrame(ends, columns=["ci_low", "ci_high"], index=effects.index, dtype=float)
    texts = {
        name: effects[name].astype(object).where(effects[name].notna(), "")
        for name in ("grade", "design_code")
    }
    return effects.assign(**spoken, **texts).drop(columns=["spoken_low", "spoken_high"])


def _check(
    reports: Sequence[Published], mixed: bool, evidence: OutsideEvidence | None = None
) -> None:
    names = [report.country for report in reports]
    problems = []
    if len(names) < 2:
        problems.append(
            Problem(
                "a synthesis needs several countries",
                "reports",
                "two or more",
                ", ".join(names) or worded("none"),
            )
        )
    if len(set(names)) != len(names):
        problems.append(
            Problem(
                "a country stands twice in a synthesis",
                "reports",
                "one report a country",
                ", ".join(sorted({n for n in names if names.count(n) > 1})),
            )
        )
    made_up = [report.country for report in reports if report.synthetic]
    if made_up and len(made_up) < len(reports) and not mixed:
        real = ", ".join(n for n in names if n not in made_up)
        problems.append(
            Problem(
                what="made-up and real data in one synthesis",
                where="reports",
                expected="one kind",
                got=worded(
                    "made up: {made_up}; real: {real}",
                    {"made_up": ", ".join(made_up), "real": real},
                ),
                fix="Name the countries of one kind, or allow the mixture, which the page then names.",
            )
        )
    if evidence is not None:
        problems += _of_one_kind(made_up, len(reports), mixed, evidence)
        problems += unlike(evidence.frame, evidence.name, reports)
    ParamsError.refuse(problems)


def _of_one_kind(
    made_up: Sequence[str], reports: int, mixed: bool, evidence: OutsideEvidence
) -> Iterator[Problem]:
    """Made-up outside effects may not stand beside real reports, real ones beside made-up reports
    only where the mixture is allowed.
    """
    invented = evidence.cited["synthetic"].astype(bool)
    if invented.any() and len(made_up) < reports:
        yield Problem(
            what="made-up outside evaluations beside reports on real data",
            where=evidence.name,
            expected="real evaluations",
            got=worded("{invented} made-up effects", {"invented": int(invented.sum())}),
            fix="Leave them out.",
            count=int(invented.sum()),
        )
    if not invented.all() and made_up and not mixed:
        yield Problem(
            what="real outside evaluations beside reports on made-up data",
            where=evidence.name,
            expected="one kind",
            got=worded(
                "made up: {made_up}; real: {value} effects",
                {"made_up": ", ".join(made_up), "value": int((~invented).sum())},
            ),
            fix="Leave them out, or allow the mixture, which the page then names.",
            count=int((~invented).sum()),
        )


def _gathered(reports: Sequence[Published], what: str, texts: Sequence[str]) -> pd.DataFrame:
    rows = [
        {key: item.get(key) for key in (*texts, *NUMBERS)}
        | {
            "country": report.country,
            "manifest_sha256": report.manifest_sha256,
            "synthetic": report.synthetic,
        }
        for report in reports
        for item in report.facts.get(what, [])
    ]
    out = pd.DataFrame(rows, columns=["country", *texts, *NUMBERS])
    return out.astype(dict.fromkeys(NUMBERS, float))


def _definitions(reports: Sequence[Published]) -> pd.DataFrame:
    rows = [
        (concept, report.country, _definition(report.facts, concept))
        for concept in (*CONCEPTS, "basis")
        for report in reports
    ]
    return pd.DataFrame(rows, columns=["concept", "country", "text"], dtype=object)


def _definition(facts: Mapping[str, Any], concept: str) -> object:
    """A definition as the message that it was made of, where the report kept it."""
    text = str(facts["definitions"].get(concept, ""))
    return unpacked(facts.get("messages", {}).get(text, text))


def rests_on(indicator: str, group: str) -> tuple[str, ...]:
    """Keys of the definitions that two countries must share before an indicator is compared."""
    own = _RESTS_ON.get(
        indicator, _RESTS_ON.get(indicator.split(".", maxsplit=1)[0], tuple(CONCEPTS))
    )
    return tuple(dict.fromkeys(("year", *own, *(("migrant",) if group != "all residents" else ()))))


def _comparable(reports: Sequence[Published], indicators: pd.DataFrame) -> pd.DataFrame:
    """Which countries share every definition behind an indicator. One that does not state a
    definition shares it with nobody.
    """
    said = {report.country: report.facts["definitions"] for report in reports}
    rows = []
    for (id_, group), part in indicators[indicators["status"] == "shown"].groupby(
        ["id", "group"], sort=False
    ):
        keys = rests_on(str(id_), str(group))
        own = dict(zip(part["country"], part["definition"].astype(str), strict=True))
        basis = {
            country: (
                *(said[country].get(key) or f"not stated by {country}" for key in keys),
                own[country],
            )
            for country in part["country"]
        }
        sets: dict[tuple[str, ...], list[str]] = {}
        for country, parts in basis.items():
            sets.setdefault(parts, []).append(country)
        differing = [
            CONCEPTS[key]
            for i, key in enumerate(keys)
            if len({parts[i] for parts in basis.values()}) > 1
        ]
        if len(set(own.values())) > 1 and not differing:
            differing.append("the indicator's own definition")
        rows.append((id_, group, [tuple(used) for used in sets.values()], differing))
    return pd.DataFrame(rows, columns=["id", "group", "sets", "differing"])


def _contrasts(indicators: pd.DataFrame, sets: pd.DataFrame) -> pd.DataFrame:
    """Differences of countries that share the definitions: independent samples, Satterthwaite's
    degrees of freedom, p-values after Holm over an indicator's pairs.
    """
    cells = indicators[indicators["status"] == "shown"]
    shown = {
        (cell["id"], cell["group"], cell["country"]): cell for cell in cells.to_dict("records")
    }
    rows = []
    for line in sets.to_dict("records"):
        pairs = [pair for one in line["sets"] for pair in combinations(one, 2)]
        found = [
            (pair, _difference(*(shown[line["id"], line["group"], country] for country in pair)))
            for pair in pairs
        ]
        kept = [(pair, contrast) for pair, contrast in found if contrast is not None]
        holm = _holm([contrast["p"] for _, contrast in kept])
        title = str(indicators.loc[indicators["id"] == line["id"], "title"].iloc[0])
        about = {"id": line["id"], "title": title, "group": line["group"]}
        rows += [
            {**about, "first": first, "second": second, **contrast, "p_holm": float(adjusted)}
            for ((first, second), contrast), adjusted in zip(kept, holm, strict=True)
        ]
    return pd.DataFrame(
        rows,
        columns=[
            "id",
            "title",
            "group",
            "first",
            "second",
            "value",
            "se",
            "degf",
            "ci_low",
            "ci_high",
            "p",
            "p_holm",
        ],
    )


def _holm(p: Sequence[float]) -> list[float]:
    """P-values after Holm (1979), Scandinavian Journal of Statistics 6, 65-70."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1))
    out = np.empty(len(p))
    out[order] = np.minimum(stepped, 1.0)
    return [float(x) for x in out]


def _difference(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> dict[str, float] | None:
    """First minus second with its own standard error; None where neither has a sampling error."""
    va, vb = float(a["se"]) ** 2, float(b["se"]) ** 2
    if not (np.isfinite(va + vb) and va + vb > 0):
        return None
    parts = [
        variance**2 / degf
        for variance, degf in ((va, float(a["degf"])), (vb, float(b["degf"])))
        if variance > 0 and np.isfinite(degf) and degf > 0
    ]
    degf = (va + vb) ** 2 / sum(parts) if parts else float("inf")
    value, se = float(a["value"]) - float(b["value"]), float(np.sqrt(va + vb))
    half = float(stats.t.ppf(0.975, degf)) * se
    return {
        "value": value,
        "se": se,
        "degf": degf,
        "ci_low": value - half,
        "ci_high": value + half,
        "p": float(2 * stats.t.sf(abs(value / se), degf)),
    }


def _models(reports: Sequence[Published], effects: pd.DataFrame) -> pd.DataFrame:
    known = effects[effects["status"] == "shown"].groupby(["model", "country"])["measure"].nunique()
    rows = []
    for code in codes("models")["code"].astype(str):
        for report in reports:
            mine = next((m for m in report.facts["models"] if m["model"] == code), None)
            if mine is not None:
                rows.append(
                    (
                        code,
                        report.country,
                        mine["measures"],
                        mine["evaluated"],
                        mine["with_comparison"],
                        int(known.get((code, report.country), 0)),
                    )
                )
    return pd.DataFrame(
        rows, columns=["model", "country", "measures", "evaluated", "with_comparison", "effects"]
    )


def _budget(reports: Sequence[Published]) -> pd.DataFrame:
    """Budget of the measures without an evaluation; missing where one of its parts is not
    published.
    """
    rows = []
    for report in (r for r in reports if r.facts["register"]):
        amount = {i["status"]: i["budget_million"] for i in report.facts["register"]}
        parts = [amount.get(state, 0.0) for state in UNEVALUATED]
        without = float("nan") if None in parts else float(sum(parts))
        total = (
            report.facts["budget_total"] if None in amount.values() else sum(amount.values())
        )  # of the same measures as its parts, where all of them are published
        rows.append(
            (
                report.country,
                float("nan") if total is None else float(total),
                without,
                tuple(report.facts["price_years"]),
                int(report.facts["without_price_year"]),
                int(report.facts["without_budget"]),
            )
        )
    out = pd.DataFrame(
        rows,
        columns=[
            "country",
            "total",
            "without_evidence",
            "price_years",
            "without_price_year",
            "without_budget",
        ],
    )
    return out.assign(share=out["without_evidence"] / out["total"].where(out["total"] > 0))


def _due(reports: Sequence[Published]) -> pd.DataFrame:
    rows = []
    for report in (r for r in reports if r.facts["register"]):
        measures = {i["status"]: i["measures"] for i in report.facts["register"]}
        rows.append(
            {"country": report.country, "day": report.facts["register_day"]}
            | {state: int(measures.get(state, 0)) for state in ("evaluated", *UNEVALUATED)}
        )
    return pd.DataFrame(rows, columns=["country", "day", "evaluated", *UNEVALUATED])


def job_costs_of(reports: Sequence[Published]) -> pd.DataFrame:
    """Cost per additional job-year of each measure as the reports show it: country and JOB_COSTS.
    What a report hides, or does not give, has no number and says so in `status`; horizon: years
    that the effect is taken to last; measured: months over which job-years were counted, NaN where
    they were not. A report of an older version has no row.
    """
    rows = [
        {"country": report.country} | {name: line.get(name) for name in JOB_COSTS}
        for report in reports
        for line in report.facts.get("costs", ())
    ]
    out = pd.DataFrame(rows, columns=["country", *JOB_COSTS])
    numbers = ("value", "ci_low", "ci_high", "price_year", "horizon", "measured")
    return out.astype(dict.fromkeys(numbers, float))
