"""The designs of the R reference files, built with this package: one property for each `setup`
entry.
"""

import json
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

import mismes_eval as me

TYPES = {"E": 4421, "H": 755, "M": 1018}
GREG = {"stype": TYPES, "api99": 3914069}


class Designs:
    """apistrat, apiclus1, eusilc and phoneframes with their designs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _csv(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / name)

    @cached_property
    def apistrat(self) -> pd.DataFrame:
        a = self._csv("apistrat.csv")
        return a.assign(wide=a["sch.wide"] == "Yes")

    @cached_property
    def dstrat(self) -> me.Sample:
        return me.Sample.from_frame(self.apistrat, weights="pw", strata="stype", fpc="fpc")

    @cached_property
    def dstrat0(self) -> me.Sample:
        return me.Sample.from_frame(self.apistrat, weights="pw", strata="stype")

    @cached_property
    def dclus1(self) -> me.Sample:
        a = self._csv("apiclus1.csv")
        return me.Sample.from_frame(
            a.assign(wide=a["sch.wide"] == "Yes"), weights="pw", psu="dnum", fpc="fpc"
        )

    @cached_property
    def ps(self) -> me.Sample:
        return me.poststratify(self.dclus1, "stype", TYPES)

    @cached_property
    def rk(self) -> me.Sample:
        return me.calibrate(
            self.dclus1,
            {"stype": TYPES, "sch.wide": {"No": 1072, "Yes": 5122}},
            method="raking",
            slope="before",
        )

    @cached_property
    def gl(self) -> me.Sample:
        return me.calibrate(self.dclus1, GREG)

    @cached_property
    def glr(self) -> me.Sample:
        return me.calibrate(self.dclus1, GREG, method="raking", slope="before")

    @cached_property
    def gll(self) -> me.Sample:
        return me.calibrate(self.dclus1, GREG, method="logit", bounds=(0.4, 2.5), slope="before")

    @cached_property
    def glb(self) -> me.Sample:
        return me.calibrate(self.dclus1, GREG, method="linear", bounds=(0.7, 1.8), slope="before")

    @cached_property
    def gs(self) -> me.Sample:
        return me.calibrate(self.dstrat, GREG)

    @cached_property
    def tr(self) -> me.Sample:
        return me.trim(self.glr, lower=20, upper=50)

    @cached_property
    def rj1(self) -> me.Sample:
        return me.replicates(self.dclus1, method="jackknife")

    @cached_property
    def rjn(self) -> me.Sample:
        return me.replicates(self.dstrat, method="jackknife")

    @cached_property
    def rjr(self) -> me.Sample:
        return me.replicates(self.rk, method="jackknife")

    @cached_property
    def rjc(self) -> me.Sample:
        return me.replicates(self.gl, method="jackknife")

    @cached_property
    def rb(self) -> me.Sample:
        w = self._csv("apistrat_bootweights200.csv.gz")
        frame = pd.concat([self.apistrat, w], axis=1)
        return me.Sample.from_frame(
            frame,
            weights="pw",
            strata="stype",
            replicates=me.ReplicateWeights(list(w.columns), "bootstrap"),
        )

    @cached_property
    def eusilc(self) -> pd.DataFrame:
        es = self._csv("eusilc.csv.gz").merge(
            self._csv("eusilc_derived.csv.gz"), on="rb030", validate="1:1"
        )
        return es.assign(rb090=pd.Categorical(es["rb090"], ["male", "female"]))

    @cached_property
    def margins(self) -> dict[str, dict[str, float]]:
        out: dict[str, dict[str, float]] = json.loads(
            (self.folder / "eusilc_margins.json").read_text()
        )
        return out

    @cached_property
    def des(self) -> me.Sample:
        return me.Sample.from_frame(self.eusilc, weights="rb050", strata="db040", psu="db030")

    @cached_property
    def adults(self) -> me.Sample:
        return self.des.where(self.eusilc["pb220a"].notna())

    @cached_property
    def grk(self) -> me.Sample:
        return me.calibrate(self.des, self.margins, method="raking", slope="before")

    @cached_property
    def glin(self) -> me.Sample:
        return me.calibrate(self.des, self.margins)

    @cached_property
    def glhh(self) -> me.Sample:
        return me.calibrate(self.des, self.margins, unit="db030")

    @cached_property
    def glo(self) -> me.Sample:
        return me.calibrate(
            self.des, self.margins, method="logit", bounds=(0.6, 1.6), slope="before"
        )

    def lonely(self, rule: str) -> me.Sample:
        """Stratum Vorarlberg cut down to one household."""
        es = self.eusilc
        there = es["db040"] == "Vorarlberg"
        frame = es[~there | (es["db030"] == es.loc[there, "db030"].min())].reset_index(drop=True)
        return me.Sample.from_frame(
            frame, weights="rb050", strata="db040", psu="db030", lonely_psu=rule
        )  # type: ignore[arg-type]

    @cached_property
    def phone(self) -> tuple[me.Sample, me.Sample]:
        a, b = self._csv("phoneframes_A.csv"), self._csv("phoneframes_B.csv")
        a = a.assign(
            w=1 / a.ProbA,
            f=a.ProbA,
            listed=a.Domain == "ab",
            other=np.where(a.Domain == "ab", a.ProbB, 0.0),
        )
        b = b.assign(
            w=1 / b.ProbB,
            f=b.ProbB,
            listed=b.Domain == "ba",
            other=np.where(b.Domain == "ba", b.ProbA, 0.0),
        )
        return me.Sample.from_frame(
            a, weights="w", strata="Stratum", fpc="f"
        ), me.Sample.from_frame(b, weights="w", fpc="f")

    @cached_property
    def mf(self) -> me.Sample:
        return me.combine_frames(self.phone, ["listed", "listed"], "hartley", 0.74)

    @cached_property
    def mf5(self) -> me.Sample:
        return me.combine_frames(self.phone, ["listed", "listed"], "hartley", 0.5)

    @cached_property
    def mk(self) -> me.Sample:
        return me.combine_frames(self.phone, ["other", "other"])
