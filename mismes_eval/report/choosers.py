"""Choosers of country, indicator and breakdown for a notebook; where no widget can be shown, the
first choice as a table, so that a run without a browser works.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from mismes_eval import lfs
from mismes_eval.errors import MismesError, ParamsError, Problem, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.joint import independent
from mismes_eval.evaluation.evaluation import Evaluation, Result, evaluate
from mismes_eval.libraries import installed, library
from mismes_eval.message import Message
from mismes_eval.report.session import open as open_session

BREAKDOWNS = {name: name for name in ("none", "status", "sex", "age_group", "education", "region")}
WHOLE = "none"


def choose_profile(run: str, indicator: str = "L3.employment", breakdown: str = "status") -> object:
    """Country, indicator and breakdown, with the table and the picture of what is chosen.

    Parameters
    ----------
    run : params file, the first country shown.
    indicator, breakdown : the first choice; breakdown "none" shows one number.

    Returns
    -------
    A widget of ipywidgets; without that package the first choice, which shows itself as a table.
    """
    return chooser(
        {
            "country": countries(run),
            "indicator": indicators(),
            "breakdown": BREAKDOWNS,
        },
        {"country": run, "indicator": indicator, "breakdown": breakdown},
        lambda c: profile(c["country"], c["indicator"], c["breakdown"]),
    )


def choose_comparison(
    run: str, other: str, indicator: str = "L3.employment", breakdown: str = WHOLE
) -> object:
    """Two countries, indicator and breakdown, side by side. Arguments and result as in
    `choose_profile`.
    """
    return chooser(
        {
            "country": countries(run),
            "other": countries(run),
            "indicator": indicators(),
            "breakdown": BREAKDOWNS,
        },
        {"country": run, "other": other, "indicator": indicator, "breakdown": breakdown},
        lambda c: comparison(c["country"], c["other"], c["indicator"], c["breakdown"]),
    )


def profile(run: str, indicator: str, breakdown: str = WHOLE) -> Result:
    """One indicator of a country's survey, by one breakdown."""
    found = evaluation_of(run).indicators(
        by=() if breakdown == WHOLE else (breakdown,), which=(indicator.split(".", maxsplit=1)[0],)
    )
    if not found:
        return NotEstimable(Message("{name} names no labour force survey", {"name": run}))
    if indicator not in found:
        raise ParamsError(
            Problem(
                "no such indicator",
                worded("'{indicator}' in {run}", {"indicator": indicator, "run": run}),
                ", ".join(found),
            )
        )
    return found[indicator]


def comparison(run: str, other: str, indicator: str, breakdown: str = WHOLE) -> Result:
    """The same indicator in two countries. Their samples are independent, so a difference has the
    sum of the variances.
    """
    if run == other:
        raise ParamsError(Problem("a country is compared with itself", run, "two countries"))
    return side_by_side({region: profile(region, indicator, breakdown) for region in (run, other)})


def side_by_side(results: Mapping[str, Result]) -> Result:
    """Results of independent samples under the names of their countries (params file -> result);
    the reason where one cannot be had.
    """
    for run, result in results.items():
        if isinstance(result, NotEstimable):
            return NotEstimable(f"{Path(run).stem}: {result.reason}", result.definition)
    return independent(
        *(
            labelled(result, Path(run).stem)
            for run, result in results.items()
            if isinstance(result, Estimate)
        )
    )


def labelled(result: Estimate, country: str) -> Estimate:
    """The same numbers under the name of their country, in the table and in the picture."""
    return replace(
        result,
        names=tuple(f"{country}: {n}" for n in result.names),
        keys=result.keys.assign(country=country)[["country", *result.keys.columns]],
    )


def next_country(run: str) -> str:
    """The params file after this one in its folder, the first after the last."""
    files = list(countries(run).values())
    if len(files) < 2:
        raise ParamsError(
            Problem("there is no second country", str(Path(run).parent), "two params files")
        )
    return files[(files.index(run) + 1) % len(files)] if run in files else files[0]


def countries(run: str) -> dict[str, str]:
    """Name -> params file of every country beside this one, itself included; paths are written as
    `run` is.
    """
    here = Path(run)
    folder = here.parent if here.parent.is_dir() else Path("..") / here.parent
    return {p.stem: (here.parent / p.name).as_posix() for p in sorted(folder.glob("*.yaml"))} or {
        here.stem: run
    }


def indicators() -> dict[str, str]:
    """Title -> id of the indicators of the survey."""
    return {f"{i} {about.title}": i for i, about in lfs.catalogue().items()}


def chooser(
    options: Mapping[str, Mapping[str, str]],
    first: Mapping[str, str],
    make: Callable[[Mapping[str, str]], object],
) -> object:
    """Drop-downs over what `make` gives for a choice (option -> value). The first choice is always
    shown.
    """
    if not installed("ipywidgets"):
        return make(first)
    widgets = library("ipywidgets")
    drop = {
        name: widgets.Dropdown(
            options=list(values.items()),
            value=first[name] if first[name] in values.values() else None,
            description=name,
        )
        for name, values in options.items()
    }
    shown = widgets.HTML(value=picture(make(first)))

    def again(change: object) -> None:
        chosen = {name: menu.value for name, menu in drop.items()}
        try:
            shown.value = picture(make(chosen))
        except MismesError as error:
            shown.value = "".join(f"<p>{escape(str(p))}</p>" for p in error.problems)

    for menu in drop.values():
        menu.observe(again, names="value")
    return widgets.VBox([widgets.HBox(list(drop.values())), shown])


def picture(result: object) -> str:
    """A result as HTML: its table, and its plot where it has several values."""
    table = getattr(result, "_repr_html_", lambda: f"<pre>{escape(str(result))}</pre>")()
    if not isinstance(result, Estimate) or result.p < 2:
        return str(table)
    axes: Any = result.plot()
    held = io.BytesIO()
    axes.figure.savefig(held, format="png", dpi=90)
    plt.close(axes.figure)
    alt = escape(f"{result.kind} with 95% intervals: {', '.join(result.names)}")
    return (
        f'{table}<img alt="{alt}"'
        f' src="data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}">'
    )


@cache
def evaluation_of(run: str) -> Evaluation:
    """The evidence of a run, read once in a session, so that another choice answers at once."""
    return evaluate(open_session(run).params)
