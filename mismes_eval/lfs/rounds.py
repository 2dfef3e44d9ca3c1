"""Several rounds in one design: rows of one household or PSU stay one cluster, so that pooled
estimates and changes carry their covariance.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mismes_eval.errors import (
    DesignError,
    DesignWarning,
    EstimateError,
    Problem,
    in_column,
    named,
    of_argument,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.joint import independent
from mismes_eval.lfs.breaks import check_breaks, version_changes
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.numerics.variance import Lonely
from mismes_eval.public import public
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.steps import KnownFactor, RoundShares

ROUND = "round"
UNLIKE = 1.3  # the largest ratio of two rounds' sums of weights that population change explains
_CLUSTER, _STRATUM = "round_cluster", "round_stratum"


@public(DesignError)
def stack_rounds(
    rounds: Mapping[str, pd.DataFrame],
    weights: str = "weight",
    strata: str | None = None,
    psu: str | None = None,
    household: str | None = None,
    same_psus: bool = False,
    lonely_psu: Lonely = "adjust",
    breaks: tuple[str, ...] = (),
    acknowledge_breaks: bool = False,
) -> Sample:
    """Rounds under one another as one design.

    Parameters
    ----------
    rounds : {label: persons}, in time order; the label becomes the column "round".
    strata, psu : design columns.
    household : key that is the same for a household in all its rounds (rotating panel).
    same_psus : PSU codes mean the same areas in all rounds. False: PSUs and strata of different
        rounds are different, and only shared households tie them.
    breaks, acknowledge_breaks : series breaks of the params ("2018: reason") beside the shipped
        ones, and whether they are acknowledged.

    Returns
    -------
    Sample whose clusters are the connected groups of PSUs and households. Each round keeps its own
    weights: estimate by "round" and use `change`, or `pool` it first.

    Raises
    ------
    EstimateError : a series break or a change of definition or classification lies between the
        rounds and is not acknowledged.
    DesignError : a tied cluster lies in two strata; columns that are not there.
    """
    if len(rounds) < 2:
        raise DesignError(
            Problem(
                "one round is no comparison", of_argument("rounds"), "two or more", str(len(rounds))
            )
        )
    frame = pd.concat(
        [frame.assign(**{ROUND: label}) for label, frame in rounds.items()], ignore_index=True
    )
    frame[ROUND] = pd.Categorical(frame[ROUND], categories=list(rounds), ordered=True)
    notes = _comparable(frame, breaks, acknowledge_breaks)
    frame = frame.assign(**{_CLUSTER: _clusters(frame, psu, household, same_psus)})
    if strata is not None:
        frame = frame.assign(**{_STRATUM: _strata(frame, strata, same_psus, psu, household)})
    sample = Sample.from_frame(
        frame,
        weights=weights,
        strata=_STRATUM if strata else None,
        psu=_CLUSTER,
        lonely_psu=lonely_psu,
    )
    tied = "households" if household else "nothing"
    if psu and same_psus:
        tied = "PSUs"
    return sample.flagged(
        f"{len(rounds)} rounds ({', '.join(rounds)}) in one design, tied across rounds by {tied}.",
        *notes,
    )


@public(DesignError, classes=True)
def pool(sample: Sample, shares: Mapping[str, float] | str = "effective") -> Sample:
    """Average of the rounds: weights times a share of each round (known factor).

    shares : "effective" (in proportion to the effective sample size of each round), "equal", or
        {label: share} that add to 1.

    Sums of weights that differ by up to 30% are taken as they are: totals are averaged. Beyond that
    one round's weights have another unit: each round is brought to the average sum, so that the
    shares hold for means whatever the units, and the sums' own error is counted. On a narrowed
    sample the domain is pooled; rows outside keep their weight.

    Warns
    -----
    DesignWarning : the sums of the rounds' weights differ by more than 30%.
    """
    labels = list(sample.frame[ROUND].cat.categories)
    inside = sample.domain
    code = sample.frame[ROUND].cat.codes.to_numpy().astype(np.intp)
    w = np.where(inside, sample.weights, 0.0)
    if isinstance(shares, str):
        DesignError.refuse(
            unknown("unknown shares of rounds", "shares", shares, ("effective", "equal"))
        )
        size = (
            np.bincount(code, weights=w) ** 2 / np.bincount(code, weights=w**2)
            if shares == "effective"
            else np.ones(len(labels))
        )
        alpha = size / size.sum()
    else:
        alpha = np.array([shares.get(label, np.nan) for label in labels])
        if not (alpha >= 0).all() or abs(alpha.sum() - 1) > 1e-9 or set(shares) - set(labels):
            raise DesignError(
                Problem(
                    "shares of rounds do not add to 1",
                    of_argument("shares"),
                    worded(
                        "a share for each of {labels}, adding to 1", {"labels": ", ".join(labels)}
                    ),
                    str(dict(shares)),
                )
            )
    said = ", ".join(f"{label} {share:.3f}" for label, share in zip(labels, alpha, strict=True))
    name = Message("pooling of rounds, shares {shares} (known factor)", {"shares": said}, "step")
    sums = np.asarray(np.bincount(code, weights=w, minlength=len(labels)), float)
    if not (sums > 0).all():
        empty = [str(label) for label, total in zip(labels, sums, strict=True) if not total > 0]
        raise DesignError(
            Problem(
                "a round has no weight",
                worded("round {empty}", {"empty": ", ".join(empty)}),
                "rows with weight in each",
            )
        )
    unlike = _unlike_sums(labels, sums)
    if not unlike:
        return sample.step(KnownFactor(sample.narrowed(name), np.where(inside, alpha[code], 1.0)))
    warnings.warn(unlike, DesignWarning, stacklevel=2)
    name = sample.narrowed(name.extended(", each round brought to the average sum"))
    group = np.where(inside, code, len(labels))
    return sample.step(RoundShares(name, group, alpha, sample.weights)).flagged(unlike)


def _unlike_sums(labels: Sequence[str], sums: Float) -> str:
    """A sentence where rounds with weight differ so much in their sums that one of them cannot
    count the same population as another; empty where they do not.
    """
    low, high = int(np.argmin(sums)), int(np.argmax(sums))
    if sums[high] <= UNLIKE * sums[low]:
        return ""
    return (
        f"The weights of round {labels[high]} add to {sums[high]:,.6g}, those of round"
        f" {labels[low]} to {sums[low]:,.6g}: they do not count the same population. The shares of"
        " the rounds hold for means and proportions; totals of the pooled rounds count nobody until"
        " the weights have one unit."
    )


@public(EstimateError)
def change(estimate: Estimate, first: str, last: str) -> Estimate:
    """Value in the round `last` minus value in the round `first`, for every other key of an
    estimate by "round"; the covariance between rounds is the design's.
    """
    if ROUND not in estimate.keys.columns:
        raise EstimateError(
            Problem(
                "change needs an estimate by round",
                of_argument("estimate"),
                "by='round' among the breakdowns",
                worded("keys {columns}", {"columns": ", ".join(map(str, estimate.keys.columns))}),
            )
        )
    others = [column for column in estimate.keys.columns if column != ROUND]
    rest = [tuple(map(str, row)) for row in estimate.keys[others].itertuples(index=False)]
    label = estimate.keys[ROUND].astype(str).tolist()
    place = {
        (round_, domain): i for i, (round_, domain) in enumerate(zip(label, rest, strict=True))
    }
    both = [
        domain
        for domain in dict.fromkeys(rest)
        if (first, domain) in place and (last, domain) in place
    ]
    if not both:
        raise EstimateError(
            Problem(
                "change finds no key in both rounds",
                worded("rounds '{first}' and '{last}'", {"first": first, "last": last}),
                worded("rounds among {dict}", {"dict": ", ".join(dict.fromkeys(label))}),
            )
        )
    j = np.zeros((len(both), estimate.p))
    for i, domain in enumerate(both):
        j[i, place[last, domain]], j[i, place[first, domain]] = 1.0, -1.0
    names = tuple(", ".join(["change", *(part for part in domain if part)]) for domain in both)
    out = estimate.through(lambda v: j @ v, j, names)
    keys = (
        estimate.keys.iloc[[place[last, domain] for domain in both]][others]
        .reset_index(drop=True)
        .assign(first=first, last=last)
    )
    n = np.array(
        [min(estimate.n[place[first, domain]], estimate.n[place[last, domain]]) for domain in both]
    )
    return _worded(out, estimate, keys, n, f"Change from {first} to {last}.")


@public(EstimateError, classes=True)
def change_between(first: Estimate, last: Estimate) -> Estimate:
    """The same for estimates of two independent samples (other PSUs, other households): covariance
    zero.
    """
    if first.names != last.names:
        raise EstimateError(
            Problem(
                "change_between needs the same values on both sides",
                "names",
                named(first.names),
                named(last.names),
            )
        )
    both = independent(first, last)
    j = np.hstack([-np.eye(first.p), np.eye(last.p)])
    names = tuple(f"change, {name}" for name in first.names)
    out = both.through(lambda v: j @ v, j, names)
    return _worded(
        out, last, last.keys, np.minimum(first.n, last.n), "Change between two independent samples."
    )


def _worded(
    out: Estimate, like: Estimate, keys: pd.DataFrame, n: np.ndarray, text: str
) -> Estimate:
    return replace(
        out,
        keys=keys,
        n=n,
        kind=f"change of {like.kind}",
        unit=like.unit,
        definition=f"{text} {like.definition}",
        extra=like.extra,
    )


def _comparable(frame: pd.DataFrame, breaks: tuple[str, ...], acknowledge: bool) -> tuple[str, ...]:
    changed = version_changes(frame, ROUND)
    if changed and not acknowledge:
        raise EstimateError(
            [
                Problem(
                    what="rounds are not comparable",
                    where=text,
                    expected="one version in all rounds",
                    fix="Acknowledge it in the params (breaks.acknowledge).",
                )
                for text in changed
            ]
        )
    notes = tuple(f"Acknowledged: {text}." for text in changed)
    if "countrycode" in frame.columns and "year" in frame.columns:
        years = [int(y) for y in frame["year"].dropna().unique()]
        for country in frame["countrycode"].dropna().unique():
            notes += check_breaks(str(country), years, breaks, acknowledge)
    return notes


def _clusters(frame: pd.DataFrame, psu: str | None, household: str | None, same_psus: bool) -> Int:
    """Connected groups of rows that share a PSU or a household."""
    problems = [
        Problem(
            "a design column is not in the rounds", in_column(column), "a column of every round"
        )
        for column in (psu, household)
        if column is not None and column not in frame.columns
    ]
    problems += [
        Problem(
            what="a design column is missing for some rows",
            where=in_column(column),
            expected="a code in every row",
            got=worded("missing"),
            count=int(frame[column].isna().sum()),
        )
        for column in (psu, household)
        if column in frame.columns and frame[column].isna().any()
    ]
    DesignError.refuse(problems)
    n = len(frame)
    codes = []
    if psu is not None:
        codes.append(
            frame[psu].astype(str)
            if same_psus
            else frame[psu].astype(str) + "|" + frame[ROUND].astype(str)
        )
    if household is not None:
        codes.append(frame[household].astype(str))
    if not codes:
        return np.arange(n)
    first = pd.factorize(codes[0])[0].astype(np.intp)
    if len(codes) == 1:
        return first
    second = pd.factorize(codes[1])[0].astype(np.intp)
    m, k = int(first.max()) + 1, int(second.max()) + 1
    graph = coo_array((np.ones(n), (first, m + second)), shape=(m + k, m + k))
    out: Int = connected_components(graph, directed=False)[1][first].astype(np.intp)
    return out


def _strata(
    frame: pd.DataFrame, strata: str, same_psus: bool, psu: str | None, household: str | None
) -> pd.Series:
    """Stratum of each cluster. Rounds have strata of their own unless areas or households tie them."""
    text = frame[strata].astype(str)
    if not same_psus and household is None:
        return text + "|" + frame[ROUND].astype(str)
    spread = text.groupby(frame[_CLUSTER]).nunique()
    if (spread > 1).any():
        bad = frame.loc[frame[_CLUSTER].isin(spread.index[spread > 1])]
        raise DesignError(
            Problem(
                what="a cluster that rounds share lies in two strata",
                where=worded(
                    "columns '{psu}', '{household}', '{strata}'",
                    {"psu": psu, "household": household, "strata": strata},
                ),
                expected="one stratum for a PSU or household in all rounds",
                fix="Correct the codes, or treat the rounds as independent.",
                count=int(spread.gt(1).sum()),
                rows=tuple(bad[strata].astype(str).unique()),
            )
        )
    return text
