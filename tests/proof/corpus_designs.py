"""What a user reads when an effect is refused, word by word: designs that are not identified,
periods, waves and units that do not fit, statistics without an error.
"""

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.impact.did.event_path import event_path
from mismes_eval.impact.did.heterogeneity import joint

from ..impact.made_up import persons
from .corpus_calls import Attempts

N = 40


def wide(frame: pd.DataFrame | None = None, **words: object) -> me.Sample:
    return me.Sample.from_frame(persons() if frame is None else frame, weights="w", **words)  # type: ignore[arg-type]


def rows(**columns: object) -> pd.DataFrame:
    """Twelve persons in periods 1 to 4, treated from 3 or never."""
    u, t = np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
    g = np.where(u % 2 == 0, 3.0, 0.0)
    return pd.DataFrame(
        {
            "u": u,
            "t": t,
            "g": g,
            "y": np.sin(u * 7.0 + t),
            "w": 1.0,
            "on": 1.0 * ((g > 0) & (t >= g)),
            "k": u // 3,
            "e": np.where(g > 0, t - g, np.inf),
        }
    ).assign(**columns)


def long(frame: pd.DataFrame | None = None, **words: object) -> me.Sample:
    return me.Sample.from_frame(
        rows() if frame is None else frame, weights="w", **{"psu": "u", **words}
    )  # type: ignore[arg-type]


def gt(sample: me.Sample, **words: object) -> me.GroupTime:
    return me.att_gt(sample, "y", "g", "t", "u", **words)  # type: ignore[arg-type]


def tracer(**columns: object) -> me.TracerPanel:
    return me.TracerPanel.from_frame(
        rows(**columns).rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def event() -> me.Estimate:
    return gt(long(), base="universal").aggregate("event")


def timed(times: list[object]) -> me.Estimate:
    e = event()
    return me.Estimate(
        e.value, e.names, e.parts, e.keys.assign(event_time=times), e.n, e.dof, e.kind
    )


def still() -> me.Estimate:
    return me.mean(wide(persons(one=1.0)), "one")


CASES: Attempts = {
    "nothing after treatment": lambda: gt(long()).overall("event", max_event=-1),
    "decomposition with gaps": lambda: me.bacon(
        long(rows()[np.arange(48) != 5]), "y", "g", unit="u", time="t"
    ),
    "balance of one arm": lambda: me.balance(wide(persons(d=1)), "d", ["x"]),
    "balance of separated arms": lambda: me.balance(wide(persons(x=np.arange(N) % 2)), "d", ["x"]),
    "band of what does not move": lambda: me.sup_t(still()),
    "nothing to join": lambda: on_base([]),
    "replicates joined": lambda: on_base([att(me.replicates(wide(), "jackknife"))]),
    "samples joined": lambda: on_base([att(wide()), att(wide(persons(w=2.0)))]),
    "totals with an error joined": lambda: on_base(
        [att(me.calibrate(wide(), {"g": {0: 20.0, 1: 20.0}}, total_se={"g": {0: 1.0}}))]
    ),
    "trimming by another rule": lambda: me.lee_bounds(wide(), "y1", "d", "s", rule="sas"),
    "one row seen": lambda: me.lee_bounds(
        wide(persons(s=(np.arange(N) % 2 == 0) | (np.arange(N) == 7))), "y1", "d", "s"
    ),
    "a cell nobody is seen in": lambda: me.lee_bounds(
        wide(persons(s=(np.arange(N) % 2 == 0) | (np.arange(N) < 20))), "y1", "d", "s", tighten="g"
    ),
    "no trait": lambda: me.composition_check(long(), [], "g", "t"),
    "cost of two effects": lambda: me.cost_effectiveness(me.mean(wide(), ["y0", "y1"]), 10.0),
    "cost of no effect": lambda: me.cost_effectiveness(
        me.NotEstimable("nobody was treated"), "ten"
    ),
    "cost out of range": lambda: me.cost_effectiveness(
        att(wide()),
        np.nan,
        participants=0.0,
        years=-1.0,
        cost_se=-1.0,
        correlation=1.5,
        value=0.0,
        level=1.0,
        draws=10,
    ),
    "an Estimate of the cost with an error": lambda: me.cost_effectiveness(
        att(wide()), me.mean(wide(), "x"), cost_se=1.0, correlation=0.5
    ),
    "an event time twice": lambda: event_path(timed([-2, -1, 0, 0])),
    "no reference period": lambda: event_path(gt(long()).aggregate("event")),
    "no such coefficient": lambda: me.wild_bootstrap_ols(
        wide(), "y1 ~ d + x", "age", "h", draws=99
    ),
    "two descriptions": lambda: me.two_way(long(), "y", "on", "e", unit="u", time="t"),
    "no description": lambda: me.two_way(long(), "y", unit="u", time="t"),
    "replicates with another rule": lambda: me.two_way(
        me.replicates(long(), "jackknife"), "y", "on", unit="u", time="t", small_sample="full"
    ),
    "an unknown small-sample rule": lambda: me.two_way(
        long(), "y", "on", unit="u", time="t", small_sample="stata"
    ),
    "treatment that ends": lambda: me.two_way(
        long(rows(on=(np.arange(48) % 4 == 1) * 1.0)), "y", "on", unit="u", time="t"
    ),
    "treatment of two in a panel": lambda: me.two_way(
        long(rows(on=np.arange(48) % 3)), "y", "on", unit="u", time="t"
    ),
    "an unknown treatment of gaps": lambda: gt(long(), unbalanced="drop", method="magic"),
    "no adjustment with covariates": lambda: gt(long(), method="none", covariates=["k"]),
    "a tracer panel with a unit": lambda: me.att_gt(tracer(), "y", "g", unit="village"),
    "a tracer panel with a time in a regression": lambda: me.two_way(
        tracer(), "y", "on", time="year"
    ),
    "no such reference group": lambda: me.by_group(att, wide(), "g", reference=5),
    "no group with an estimate": lambda: me.by_group(att, wide(persons(g=np.arange(N) % 2)), "g"),
    "a group missing": lambda: me.by_group(
        att, wide(persons(g=np.where(np.arange(N) < 3, np.nan, 1.0))), "g"
    ),
    "two values a group": lambda: me.by_group(lambda s: me.mean(s, ["y0", "y1"]), wide(), "g"),
    "estimates of two designs": lambda: joint([att(wide()), att(wide(persons(w=2.0)))]),
    "weights of no period": lambda: me.honest_did(event(), target={7: 1.0}),
    "an unknown target": lambda: me.honest_did(event(), target="last"),
    "an unknown restriction": lambda: me.honest_did(event(), "magnitude"),
    "a level of one half": lambda: me.honest_did(event(), level=0.5),
    "a grid that falls": lambda: me.honest_did(event(), grid=[1.0, 0.5]),
    "all treated": lambda: me.imputation(long(rows(g=1.0)), "y", "g", unit="u", time="t"),
    "none imputed": lambda: me.imputation(
        long(rows(g=np.where(np.repeat(np.arange(12), 4) % 2 == 0, 1.0, 0.0))),
        "y",
        "g",
        unit="u",
        time="t",
    ),
    "an unknown average and errors": lambda: me.imputation(
        long(), "y", "g", unit="u", time="t", by="year", errors="iid"
    ),
    "an outcome in words": lambda: gt(long(rows(y="x"))),
    "a cohort that is a date": lambda: gt(long(rows(g=pd.Timestamp("2020-01-01")))),
    "no unit complete": lambda: gt(
        long(rows(y=np.where(np.arange(48) % 4 == np.arange(48) // 4 % 4, np.nan, 1.0)))
    ),
    "one cluster": lambda: me.two_way(long(rows(k=1)), "y", "on", cluster="k", unit="u", time="t"),
    "a cluster missing": lambda: me.two_way(
        long(rows(k=np.where(np.arange(48) < 4, np.nan, 1.0))),
        "y",
        "on",
        cluster="k",
        unit="u",
        time="t",
    ),
    "no ends": lambda: me.manski_bounds(wide(), "y1", "d", "s", low=-np.inf, high=3.0),
    "everything wrong with bounds": lambda: me.manski_bounds(
        wide(), "y1", "d", "s", low=3.0, high=3.0, variance="iid", attempted="g"
    ),
    "a closed form with clusters": lambda: me.manski_bounds(
        wide(psu="h"), "y1", "d", "s", low=-3.0, high=3.0, variance="neyman"
    ),
    "nobody observed": lambda: me.manski_bounds(
        wide(persons(s=(np.arange(N) % 2 == 0) | (np.arange(N) < 20))),
        "y1",
        "d",
        "s",
        low=-3.0,
        high=3.0,
        poststratify="g",
    ),
    "nobody found again": lambda: me.manski_bounds(
        wide(persons(s=np.arange(N) > 3, a=np.arange(N) < 4, f=False)),
        "y1",
        "d",
        "s",
        low=-3.0,
        high=3.0,
        attempted="a",
        recovered="f",
    ),
    "a study without an error": lambda: me.random_effects(
        [0.1, np.nan, 0.3], [0.1, 0.2, 0.0], method="ml", interval="wald", level=0.0
    ),
    "one study": lambda: me.random_effects([0.1], [0.1]),
    "studies of two lengths": lambda: me.random_effects([0.1, 0.2], [0.1]),
    "p-values of what does not move": lambda: me.adjust_pvalues(still(), "holm"),
    "an unknown adjustment": lambda: me.adjust_pvalues(still(), "sidak"),
    "no control": lambda: me.oster(wide(), "y1", "d", [], r2_factor=1.0),
    "a control missing": lambda: me.oster(
        wide(persons(x=np.where(np.arange(N) < 2, np.nan, 1.0))), "y1", "d", ["x"]
    ),
    "an unknown rule": lambda: me.panel_ols(
        long(), "y", treated="on", unit="u", time="t", rule="hc1", errors="unit"
    ),
    "one period": lambda: gt(long(rows(t=1)[np.arange(48) % 4 == 0])),
    "no comparison in any period": lambda: gt(long(rows(g=3.0)), control="not_yet"),
    "anticipation without end": lambda: gt(
        long(), anticipation=np.inf, control="late", base="first"
    ),
    "a correlation without clusters": lambda: me.minimum_detectable_effect(100, sd=1.0, icc=0.1),
    "an assignment missing": lambda: me.randomisation_test(
        wide(persons(d=np.where(np.arange(N) < 2, np.nan, np.arange(N) % 2))), lambda s: 1.0, "d"
    ),
    "an assignment inside a cluster": lambda: me.randomisation_test(
        wide(), lambda s: 1.0, "d", cluster="h", strata="x"
    ),
    "not a sample": lambda: me.randomisation_test(persons(), lambda s: 1.0, "d"),
    "no draw": lambda: me.randomisation_test(wide(), att, "d", draws=0),
    "one assignment": lambda: me.randomisation_test(wide(persons(d=1)), lambda s: 1.0, "d"),
    "a statistic that is not estimable": lambda: me.randomisation_test(
        wide(), lambda s: me.NotEstimable("too few"), "d"
    ),
    "a statistic of two values": lambda: me.randomisation_test(
        wide(), lambda s: me.mean(s, ["y0", "y1"]), "d"
    ),
    "a statistic that does not move": lambda: me.randomisation_test(
        wide(persons(one=1.0)), lambda s: me.mean(s, "one"), "d"
    ),
    "a statistic that is no number": lambda: me.randomisation_test(
        wide(), lambda s: float("nan"), "d"
    ),
    "answers that say nothing": lambda: me.recall_sensitivity(
        wide(), "d", "d", "d", [0.5, 0.4, 1.2, 0.3], [0.5]
    ),
    "an arm that is none": lambda: me.recall_sensitivity(
        wide(), "d", "d", "d", [0.9], [0.9], arm="men"
    ),
    "one outcome of a wide sample": lambda: me.att_2x2(wide(), ("y0", "y0"), "d"),
    "waves in reverse": lambda: me.att_2x2(tracer(), "y", "on", (3, 1)),
    "a column of words in the waves": lambda: me.att_2x2(tracer(y="x"), "y", "on", (1, 3)),
    "an infinite value in the waves": lambda: me.att_2x2(
        tracer(y=np.where(np.arange(48) == 2, np.inf, 1.0)), "y", "on", (1, 3)
    ),
    "rows without a PSU after a step": lambda: gt(me.trim(long(psu=None), upper=5.0)),
    "units in two PSUs": lambda: gt(long(rows(p=np.arange(48) // 3), psu="p")),
    **{
        f"{what} in the outcome of {verb.__name__}": lambda verb=verb, bad=bad: verb(
            long(rows(y=pd.Series(bad if i == 9 else 1.0 for i in range(48)))), "y", "g", "u", "t"
        )
        for what, bad in (("an infinity", np.inf), ("text", "n/a"))
        for verb in (me.bacon, me.imputation)
    },
}
