"""Rules that make a resident a migrant: presets, and what the params say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from html import escape
from typing import Any

from mismes_eval.errors import InputError, ParamsError, Problem, kind_of, of_argument, worded
from mismes_eval.lfs.persons import aged_said
from mismes_eval.message import Message
from mismes_eval.public import held

EVIDENCE = ("extension", "gld", "origin", "delivered")


ORIGIN_TEXT = {
    "birth": "Foreign-born: usual resident {ages} born in another country; native-born: born here.",
    "citizenship": "Foreign citizen: usual resident {ages} with the citizenship of another country;"
    " national: with that of this one.",
}


# status -> its name, where origin alone tells who is a migrant
ORIGIN_GROUPS: Mapping[str, Mapping[str, str]] = {
    "birth": {"IMM": "foreign-born", "NON": "native-born"},
    "citizenship": {"IMM": "foreign citizens", "NON": "nationals"},
}


DELIVERED_TEXT = (
    "Migration status {ages} as delivered in the file (column mig_status); its definition is not"
    " part of the params."
)


@dataclass(frozen=True)
class Definition:
    """Rule that makes a usual resident a returnee, an immigrant, an internal migrant or a
    non-migrant.

    min_months_abroad : shortest stay abroad that counts, months; None: any.
    lookback_months : return within so many months before the interview; None: ever.
    returned_since : "YYYY-MM", a fixed first month of return.
    require_work_abroad : only stays with work abroad.
    age_min, age_max : completed years.
    immigrant_by : "birth" or "citizenship" tells immigrants from returnees; "none" where the file
        cannot.
    evidence : "extension" reads the mig_ columns (work abroad says that somebody was abroad, where
        mig_ever_abroad is not in the file and only stays with work count); "gld" reads migrated_from_cat and migrated_years
        of a GLD file; "origin" reads the country of birth or the citizenship alone, and tells
        nobody who returned; "delivered" takes mig_status as it stands in the file.
    """

    name: str = "custom"
    min_months_abroad: float | None = None
    lookback_months: float | None = None
    returned_since: str | None = None
    require_work_abroad: bool = False
    age_min: int = 15
    age_max: int | None = None
    immigrant_by: str = "birth"
    evidence: str = "extension"
    source: str = ""

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.text)}</p>"

    def __post_init__(self) -> None:
        problems = [
            Problem(
                "a migrant definition has a negative bound",
                worded("{bound} of definition '{name}'", {"bound": bound, "name": self.name}),
                "a number of 0 or more, or none",
                str(getattr(self, bound)),
            )
            for bound in ("min_months_abroad", "lookback_months", "age_min", "age_max")
            if getattr(self, bound) is not None and not getattr(self, bound) >= 0
        ]
        if self.immigrant_by not in ("birth", "citizenship", "none"):
            problems.append(
                Problem(
                    "unknown rule for immigrants",
                    "immigrant_by",
                    "'birth', 'citizenship' or 'none'",
                    repr(self.immigrant_by),
                )
            )
        if self.evidence not in EVIDENCE:
            problems.append(
                Problem(
                    "unknown evidence for migration",
                    "evidence",
                    "'extension' (mig_ columns), 'gld' (migrated_ columns), 'origin' (country of"
                    " birth or citizenship) or 'delivered' (mig_status)",
                    repr(self.evidence),
                )
            )
        problems += self._unheld()
        ParamsError.refuse(problems)

    def _unheld(self) -> Iterator[Problem]:
        """What the definition asks of columns that do not hold it."""
        stay = self.min_months_abroad is not None or self.require_work_abroad
        when = self.lookback_months is not None or self.returned_since is not None
        where, fix = (
            worded("definition '{name}'", {"name": self.name}),
            "Use evidence 'extension' with the mig_ columns.",
        )
        asked = worded(
            "{min_months_abroad}, {require_work_abroad}",
            {
                "min_months_abroad": self.min_months_abroad,
                "require_work_abroad": self.require_work_abroad,
            },
        )
        dates = f"{self.lookback_months}, {self.returned_since}"
        if self.evidence == "gld" and stay:
            expected = "min_months_abroad none and require_work_abroad false"
            what = "GLD columns hold neither months abroad nor work abroad"
            yield Problem(what, where, expected, asked, fix)
        if self.evidence in ("origin", "delivered") and (stay or when):
            expected = "no months, no work abroad, no dates of return"
            what = worded(
                "evidence '{evidence}' holds neither stays abroad nor returns",
                {"evidence": self.evidence},
            )
            yield Problem(
                what,
                where,
                expected,
                worded("{asked}, {dates}", {"asked": asked, "dates": dates}),
                fix,
            )
        if self.evidence == "origin" and self.immigrant_by == "none":
            expected = "immigrant_by 'birth' or 'citizenship'"
            yield Problem("evidence 'origin' tells nobody apart", where, expected, worded("none"))

    @property
    def tells_return(self) -> bool:
        """Whether it can tell who returned from abroad."""
        return self.evidence != "origin"

    @property
    def text(self) -> Message:
        """The definition in words, for every table."""
        if self.evidence in ("origin", "delivered"):
            return self._short_text()
        other = {
            "birth": "Immigrant: born in another country.",
            "citizenship": "Immigrant: foreign citizen.",
            "none": "Immigrants cannot be told from returnees in this file.",
        }[self.immigrant_by]
        words = Message(
            "Returnee ({preset}): usual resident {ages} who returned, {back}, from {stay}. {other}",
            {
                "preset": _KNOWN_AS.get(self.name, self.name),
                "ages": aged_said(self.age_min, self.age_max),
                "back": self._back,
                "stay": self._stay,
                "other": other,
            },
            "definition",
        )
        if self.evidence == "gld":
            words = words.extended(
                " Read from migrated_from_cat == 5 (previous residence in another country)."
            )
        if self.source:
            words = words.extended(" Source of the definition: {source}.", {"source": self.source})
        return words

    @property
    def _stay(self) -> Message:
        """How long a stay abroad, and whether with work."""
        stay = Message("any stay abroad")
        if self.min_months_abroad is not None:
            months = {"n": f"{self.min_months_abroad:g}"}
            stay = Message("a stay abroad of {n} months or more", months)
        if not self.require_work_abroad:
            return stay
        return Message("{stay} with work there", {"stay": stay})

    @property
    def _back(self) -> Message:
        """Since when."""
        if self.lookback_months is None:
            if not self.returned_since:
                return Message("ever")
            return Message("since {date}", {"date": str(self.returned_since)})
        within = "within {n} months before the interview"
        window = {"n": f"{self.lookback_months:g}"}
        if not self.returned_since:
            return Message(within, window)
        date = {"date": str(self.returned_since)}
        return Message("since {date} and " + within, window | date)

    def _short_text(self) -> Message:
        """The words of a definition that reads one column."""
        words = ORIGIN_TEXT[self.immigrant_by] if self.evidence == "origin" else DELIVERED_TEXT
        said = Message(words, {"ages": aged_said(self.age_min, self.age_max)}, "definition")
        if self.source:
            said = said.extended(" Source of the definition: {source}.", {"source": self.source})
        return said


# itself, the name of a preset, or its params
DefinitionLike = Definition | str | Mapping[str, object]
_KNOWN_AS = {
    "icls20": "20th ICLS",
    "hims_tunisia": "Tunisia-HIMS",
    "hims_morocco": "Morocco ENMI",
    "gld": "GLD",
    "ever_abroad": "ever abroad",
    "worked_abroad": "worked abroad",
}  # presets as a reader knows them


PRESETS: Mapping[str, Definition] = {
    "icls20": Definition(
        name="icls20",
        min_months_abroad=6,
        require_work_abroad=True,
        source="20th ICLS guidelines on international labour migration (2018): former labour attachment"
        " abroad; minimum stay of the order of 6 months, to be confirmed",
    ),
    "hims_tunisia": Definition(
        name="hims_tunisia",
        min_months_abroad=3,
        source="Tunisia-HIMS 2020-21: 3 months or more abroad, age 15+",
    ),
    "hims_morocco": Definition(
        name="hims_morocco",
        min_months_abroad=3,
        returned_since="2000-01",
        source="Morocco ENMI 2018-19: lived abroad and returned since 1 January 2000; 3 months as in the"
        " MED-HIMS surveys",
    ),
    "gld": Definition(
        name="gld",
        immigrant_by="none",
        evidence="gld",
        source="World Bank Global Labor Database, migration module",
    ),
    "ever_abroad": Definition(name="ever_abroad", immigrant_by="none"),
    "worked_abroad": Definition(
        name="worked_abroad", immigrant_by="none", require_work_abroad=True
    ),
    "birth": Definition(
        name="birth",
        evidence="origin",
        source="UN recommendations on statistics of international migration (1998): foreign-born",
    ),
    "citizenship": Definition(
        name="citizenship",
        immigrant_by="citizenship",
        evidence="origin",
        source="UN recommendations on statistics of international migration (1998): foreigners",
    ),
    "delivered": Definition(name="delivered", immigrant_by="none", evidence="delivered"),
}


@held(InputError)
def as_definition(spec: DefinitionLike) -> Definition:
    """A definition from a preset's name or from params: {"preset": "icls20", "lookback_months":
    60}. Unknown keys and presets are errors.
    """
    if isinstance(spec, Definition):
        return spec
    if not isinstance(spec, str | Mapping):
        raise ParamsError(
            Problem(
                what="this is no definition of a migrant",
                where=of_argument("definition"),
                expected="a Definition, the name of a preset, or its keys as a dict",
                got=kind_of(spec),
            )
        )
    values: dict[str, Any] = {"preset": spec} if isinstance(spec, str) else dict(spec)
    preset = values.pop("preset", None)
    known = [field.name for field in fields(Definition)]
    problems = [
        Problem(
            "a migrant definition has an unknown key",
            worded("'{key}'", {"key": key}),
            worded("one of {known}, preset", {"known": ", ".join(known)}),
        )
        for key in values
        if key not in known
    ]
    if preset is not None and preset not in PRESETS:
        problems.append(
            Problem(
                "unknown preset of a migrant definition",
                repr(preset),
                worded("one of {presets}", {"presets": ", ".join(PRESETS)}),
            )
        )
    ParamsError.refuse(problems)
    base = Definition() if preset is None else PRESETS[str(preset)]
    if preset is not None and values and "name" not in values:
        values["name"] = f"{preset}, changed: " + ", ".join(
            f"{key} = {value}" for key, value in values.items()
        )
    return replace(base, **values)
