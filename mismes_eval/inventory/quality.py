"""How good the inventory is: completeness (I13), missing items (Q2), implementers' answers (Q1),
agreement of two coders (Q3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import Template
from mismes_eval.public import held

ORDINAL = (
    "linked_job_offer",
    "employer_involved",
    "qual_attention",
    "expectation_mgmt",
    "embedded_national",
)
CODED = (
    "stage_code",
    "model_primary",
    "implementer_type",
    "funder_type",
    "funder_side",
    "target_sex",
    "target_skill",
    "eval_type",
    "impact_design",
    "confidence",
    *ORDINAL,
)

WORST = 10  # fields shown in a notebook


@dataclass(frozen=True)
class Completeness:
    """overall: filled / asked cells.  measures: measure_id, filled, asked, completeness.  fields:
    field, filled, asked, completeness.
    """

    overall: float
    measures: pd.DataFrame
    fields: pd.DataFrame

    def _repr_html_(self) -> str:
        worst = self.fields.sort_values("completeness", kind="stable").head(WORST)
        return (
            f"<p><strong>Completeness {self.overall:.1%}</strong>; fields that are missing"
            " most:</p>" + worst.to_html(index=False, float_format="{:.1%}".format)
        )


def filled_and_asked(frame: pd.DataFrame, template: Template) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two boolean frames (measures x expected fields); a field whose missing reason is NA_notapp is
    not asked.
    """
    fields = list(template.expected)
    filled = pd.DataFrame(
        {
            field: frame[field].notna() if field in frame else np.zeros(len(frame), dtype=bool)
            for field in fields
        },
        index=frame.index,
    )
    asked = pd.DataFrame(True, index=frame.index, columns=fields)
    for field in fields:
        if f"{field}_miss" in frame:
            asked[field] = frame[f"{field}_miss"] != "NA_notapp"
    return filled & asked, asked


@held(InputError)
def completeness(frame: pd.DataFrame, template: Template) -> Completeness:
    """I13: filled / asked cells over the fields that the template requires or expects, per measure
    and per field.
    """
    filled, asked = filled_and_asked(frame, template)

    def table(axis: int, name: str, labels: object) -> pd.DataFrame:
        f = filled.to_numpy().sum(axis=axis)
        a = asked.to_numpy().sum(axis=axis)
        return pd.DataFrame(
            {
                name: labels,
                "filled": f,
                "asked": a,
                "completeness": np.divide(f, a, out=np.full(len(f), np.nan), where=a > 0),
            }
        )

    total = int(asked.to_numpy().sum())
    return Completeness(
        int(filled.to_numpy().sum()) / total if total else float("nan"),
        table(1, "measure_id", frame["measure_id"].to_numpy()),
        table(0, "field", list(filled.columns)),
    )


@held(InputError)
def item_missing(frame: pd.DataFrame, template: Template) -> pd.DataFrame:
    """Q2: field, required, n, n_missing, share_missing, and how many of the missing have each
    reason; every field of the template.
    """
    rows = []
    for column in template.columns:
        missing = (
            frame[column.name].isna()
            if column.name in frame
            else pd.Series(True, index=frame.index)
        )
        n = int(missing.sum())
        row = {
            "field": column.name,
            "required": column.required,
            "n": len(frame),
            "n_missing": n,
            "share_missing": n / len(frame) if len(frame) else float("nan"),
        }
        if f"{column.name}_miss" in frame:
            row |= {
                str(reason): int(count)
                for reason, count in (
                    frame.loc[missing, f"{column.name}_miss"].value_counts().items()
                )
            }
        rows.append(row)
    return pd.DataFrame(rows)


@held(InputError)
def response_rate(contacts: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Q1: questionnaires sent and answered by implementers (template `inventory_contact`); a
    partial answer counts as an answer, shown apart.
    """
    table = contacts.assign(all="all")
    groups = table.groupby(by or "all", dropna=False, sort=True)["answer"]
    out = groups.agg(
        sent="size",
        full=lambda a: int((a == "FULL").sum()),
        partial=lambda a: int((a == "PARTIAL").sum()),
    ).reset_index()
    return out.assign(response_rate=(out["full"] + out["partial"]) / out["sent"])


@held(InputError)
def kappa(
    first: pd.DataFrame, second: pd.DataFrame, fields: tuple[str, ...] = CODED
) -> pd.DataFrame:
    """Q3: agreement of two coders on the measures that both coded (Cohen 1960; linear weights,
    Cohen 1968, for the 0-3 scores).

    Parameters
    ----------
    first, second : inventory frames of the two coders, one row a measure, matched on measure_id.

    Returns
    -------
    field, n (both coded), n_missing, agreement, kappa (NaN where chance agreement is 1), weights,
    reason.

    Raises
    ------
    InputError : no measure was coded by both, or a measure stands twice.
    """
    problems = [
        Problem("a measure stands twice", name, "one row a measure")
        for name, data in (("first", first), ("second", second))
        if data["measure_id"].duplicated().any()
    ]
    both = (
        first.merge(second, on="measure_id", suffixes=("_first", "_second"))
        if not problems
        else pd.DataFrame()
    )
    if not problems and both.empty:
        problems.append(
            Problem(
                "no measure was coded by both", "measure_id", "common identifiers", worded("none")
            )
        )
    InputError.refuse(problems)
    return pd.DataFrame(
        [
            _kappa(both[f"{field}_first"], both[f"{field}_second"], field)
            for field in fields
            if f"{field}_first" in both
        ]
    )


def _kappa(a: pd.Series, b: pd.Series, field: str) -> dict[str, object]:
    given = a.notna() & b.notna()
    a, b, n = a[given], b[given], int(given.sum())
    ordinal = field in ORDINAL
    row = {
        "field": field,
        "n": n,
        "n_missing": int((~given).sum()),
        "agreement": float("nan"),
        "kappa": float("nan"),
        "weights": "linear" if ordinal else "none",
        "reason": "",
    }
    if n == 0:
        return row | {"reason": "no measure has the field from both coders"}
    levels = sorted(set(a) | set(b)) if not ordinal else [0, 1, 2, 3]
    table = (
        pd.crosstab(
            pd.Categorical(a, categories=levels), pd.Categorical(b, categories=levels), dropna=False
        ).to_numpy(dtype=float)
        / n
    )
    k = len(levels)
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k)))
    disagreement = apart / max(k - 1, 1) if ordinal else (apart > 0).astype(float)
    observed = float((disagreement * table).sum())
    expected = float((disagreement * np.outer(table.sum(axis=1), table.sum(axis=0))).sum())
    row["agreement"] = float(np.trace(table))
    return row | (
        {"kappa": 1 - observed / expected}
        if expected > 0
        else {"reason": "both coders used a single code: chance agreement is 1"}
    )
