"""A mapping workbook while it is filled, question by question: what the terminal and the notebook
share. Nothing is taken that nobody said; what is said is written into the workbook's own sheets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from openpyxl import load_workbook

from mismes_eval import frame as frames
from mismes_eval.errors import InputError, ParamsError, Problem, in_column, in_place, named, worded
from mismes_eval.frame.codes import labels
from mismes_eval.frame.dataset import Dataset
from mismes_eval.frame.ranges import out_of_range
from mismes_eval.frame.template import Column
from mismes_eval.lfs.age_labels import AGE_GROUP, first_years, groups_asked
from mismes_eval.lfs.carried import EVIDENCE_OF_MIGRATION, Carried, carried
from mismes_eval.lfs.code_labels import NUMBERS, FileCode, doubtful
from mismes_eval.lfs.code_meanings import named_apart, spelled, template_labels
from mismes_eval.lfs.implied_decimals import WEIGHT, decimals_asked, doubtful_weights
from mismes_eval.lfs.mapping import REASONS, as_mapping
from mismes_eval.lfs.mapping_sheets import Answer, fill, mark, tables
from mismes_eval.lfs.mapping_workbook import (
    JOINED,
    REFUSED,
    mapping_of,
    parts_of,
    refused_columns,
    workbook_rows,
    write_file_sheets,
)
from mismes_eval.lfs.proposals import (
    Coded,
    FileColumn,
    Proposal,
    counted_codes,
    file_columns,
    lacking,
    proposals,
    proposed_codes,
    proposed_reasons,
)
from mismes_eval.lfs.read import codebook
from mismes_eval.lfs.translate import map_columns, matches
from mismes_eval.message import Message

MANY = 60  # codes of a column that are asked for one by one
WITHOUT_AGES = (
    "labour and migration have no table. Write = 15+ where nobody is younger, and NAME; 0=0-14,"
    " 1..9=15+ where the codes of a column say who is"
)
_NOTHING = pd.DataFrame(columns=["column", "value", "rows", "weighted", "share"])


@dataclass(frozen=True)
class Question:
    """about : the template's column; proposal : what the file may call it, or None; mend : how to
    say that it is not there.
    """

    about: Column
    proposal: Proposal | None
    mend: str = ""

    @property
    def gld(self) -> str:
        return self.about.name

    @property
    def codes(self) -> Mapping[str, str]:
        """Codes of the template with their labels, where there are few."""
        return self.codes_in("en")

    def codes_in(self, language: str) -> Mapping[str, str]:
        """Codes of the template with their labels in a language, where there are few."""
        listed = self.about.codes or ("yesno" if self.about.kind == "bool" else "")
        known = labels(listed, language) if listed else {}
        return known if len(known) <= MANY else {}


@dataclass(frozen=True)
class Preview:
    """counts : every value of the mapped columns, rows and weighted (see `codebook`); problems :
    why the file cannot be mapped so.
    """

    counts: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    weighted: bool = False


@dataclass(frozen=True, repr=False)
class Draft:
    """path : the workbook.  data : the office's file.  columns : of the file.  answers : by column
    of the template.  settings : of the workbook.
    known : columns of the template whose value the params say, which nobody is asked for.
    """

    path: Path
    data: Dataset
    columns: tuple[FileColumn, ...]
    offered: Mapping[str, Proposal]
    answers: Mapping[str, Answer]
    settings: pd.DataFrame
    known: frozenset[str] = frozenset()

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every column of the template that is proposed, or needed and found nowhere; the weight
        first, so that every other is counted with it; age groups where nobody has an age.
        """
        template = frames.template("lfs_person")
        found = tuple(self.offered.values())
        asked = [Question(template[p.gld], p) for p in found if p.gld != AGE_GROUP]
        asked += [Question(template[gld], None, mend) for gld, mend in lacking(found)]
        if "age" in self.answers and self.answers["age"].absent:
            asked.append(Question(template[AGE_GROUP], self.offered.get(AGE_GROUP), WITHOUT_AGES))
        turn = {"weight": 0, AGE_GROUP: 2, "countrycode": 2, "year": 3}
        unsaid = [q for q in asked if q.gld not in self.known]
        return tuple(sorted(unsaid, key=lambda q: turn.get(q.gld, 1)))

    @property
    def mapped(self) -> tuple[str, ...]:
        """Columns of the template that the file has so far."""
        return tuple(answer.gld for answer in self.answers.values() if not answer.absent)

    @property
    def definitions(self) -> tuple[Carried, ...]:
        """Definitions of a migrant that the mapped columns can carry; none where nothing that is
        mapped tells of migration.
        """
        if not EVIDENCE_OF_MIGRATION & set(self.mapped):
            return ()
        return tuple(one for one in carried(self.mapped) if one.whole)

    @property
    def open(self) -> tuple[Question, ...]:
        """Questions that nobody answered."""
        return tuple(q for q in self.questions if q.gld not in self.answers)

    def file_codes(self, column: str) -> tuple[Coded, ...]:
        """(code, label, rows) of every value of a column of the file, the most frequent first;
        where there are too many to be asked for, of those that have a label.
        """
        if column not in self.data.frame:  # several, joined
            return ()
        every = counted_codes(self.data, column)
        return every if len(every) <= MANY else tuple(c for c in every if c[1])

    def proposed(self, gld: str, column: str) -> Answer:
        """The answer that takes a column of the file, with the codes and the reasons for no answer
        that its value labels name.
        """
        listed = self.file_codes(column)
        codes = proposed_codes(gld, listed)
        reasons = proposed_reasons(listed)
        reasons = {code: reason for code, reason in reasons.items() if code not in codes}
        return Answer(gld, column, codes=codes, reasons=reasons)

    def meant(self, gld: str, said: str | Mapping[str, object]) -> Answer:
        """The answer that words mean: "y" takes the proposal, "n" the file has none, "= VALUE" one
        value for every row, else a column of the file ("NAME * 0.001" where the unit differs).
        After y or a column "; CODE=NEW, ..." says a code of the template or a reason for codes. A
        mapping says the fields of an `Answer`: column, factor, constant, codes, reasons.

        Raises
        ------
        InputError : they mean nothing.
        """
        if not isinstance(said, str):
            return self._spelled_out(gld, said)
        said, _, pairs = (part.strip() for part in said.partition(";"))
        if pairs:
            return self._with_pairs(self.meant(gld, said), pairs)
        offered = self.offered.get(gld)
        if said == "n":
            return Answer(gld)
        if said.startswith("="):
            return Answer(gld, constant=said[1:].strip())
        if said == "y" and offered is not None:
            return self.proposed(gld, offered.column)
        name, _, factor = (part.strip() for part in said.partition("*"))
        if not set(parts_of(name)) <= {column.name for column in self.columns}:
            expected = "y, n, = VALUE, a column of the file, or A + B of it"
            raise InputError(Problem("no such answer", gld, expected, repr(said)))
        return replace(self.proposed(gld, name), factor=factor)

    def _with_pairs(self, answer: Answer, pairs: str) -> Answer:
        """An answer with codes that somebody wrote out: "-7=1, 4=DK"."""
        codes, reasons = dict(answer.codes), dict(answer.reasons)
        for pair in pairs.split(","):
            code, equals, new = (part.strip() for part in pair.partition("="))
            if not (code and equals and new and answer.column):
                raise InputError(
                    Problem("no such answer", answer.gld, "COLUMN; CODE=NEW, CODE=NEW", repr(pair))
                )
            codes.pop(code, None)
            reasons.pop(code, None)
            (reasons if new in REASONS else codes)[code] = new
        return replace(answer, codes=codes, reasons=reasons)

    def _spelled_out(self, gld: str, said: Mapping[str, object]) -> Answer:
        known = ("column", "factor", "constant", "codes", "reasons")
        strange = [str(key) for key in said if key not in known]
        pairs = {}
        for key in ("codes", "reasons"):
            given = said.get(key, {})
            strange += [] if isinstance(given, Mapping) else [key]
            some = given if isinstance(given, Mapping) else {}
            pairs[key] = {str(code): str(new) for code, new in some.items()}
        if strange:
            expected = worded(
                "{known}; codes and reasons by file code", {"known": ", ".join(known)}
            )
            raise InputError(Problem("no such part of an answer", gld, expected, strange[0]))
        column, factor, constant = (str(said.get(key, "")) for key in known[:3])
        return Answer(gld, column, factor, constant, pairs["codes"], pairs["reasons"])

    def answered_all(self, said: Mapping[str, str | Mapping[str, object]]) -> Draft:
        """The draft with several answers, as words or parts (see `meant`).

        Raises
        ------
        InputError : everything that is wrong with any of them; the draft stays as it was.
        """
        out = self
        wrong = list[Problem]()
        for gld, words in said.items():
            try:
                out = out.answered(out.meant(gld, words))
            except InputError as error:
                wrong += error.problems
        InputError.refuse(wrong)
        return out

    def _asked(self) -> pd.DataFrame:
        """The questions, one a row, with what was answered: no row of the file."""
        rows = [
            (
                question.gld,
                question.about.description,
                *_proposed(question.proposal),
                _told(self.answers.get(question.gld)),
            )
            for question in self.questions
        ]
        heads = ["column", "meaning", "proposed", "how sure", "answer"]
        return pd.DataFrame(rows, columns=heads)

    def __repr__(self) -> str:
        return str(self._asked().to_string(index=False))

    def _repr_html_(self) -> str:
        return str(self._asked().to_html(index=False))

    def undecided(self, answer: Answer) -> tuple[str, ...]:
        """File codes of an answer that nothing is said of. Where no code is changed, those that are
        no code of the template, and those that the file calls something else than the template; of
        a number, those that the file has a word for and no quantity.
        """
        if not answer.column:
            return ()
        said = {*answer.codes, *answer.reasons}
        return tuple(
            code
            for code, label, n in self.file_codes(answer.column)
            if code in self._values(answer.column)
            and self._unsure(answer, code, label, n)
            and not any(matches(code, one) for one in said)
        )

    def _values(self, column: str) -> set[str]:
        """Codes that are values of a column, not declared missing in it."""
        return {spelled(value) for value in self.data.frame[column].unique()}

    def _unsure(self, answer: Answer, code: str, label: str, rows: int) -> bool:
        """Whether a code may not stand as it is."""
        own = _template_codes(answer.gld)
        if not own:
            return frames.template("lfs_person")[answer.gld].kind in NUMBERS and named_apart(label)
        kept = FileCode(code, label, code, template_labels(answer.gld).get(code, ""), rows)
        if bool(answer.codes) or code not in own or doubtful(answer.gld, kept, stated=True):
            return True
        return not label and self._of_another_list(answer, own)

    def _of_another_list(self, answer: Answer, own: Collection[str]) -> bool:
        """Whether a column has values without a label that are neither codes of the template nor
        said to be no answer: then a 1 is the first code of another list.
        """
        values = self._values(answer.column)
        return any(
            code in values and not label and code not in own and code not in answer.reasons
            for code, label, _ in self.file_codes(answer.column)
        )

    def answered(self, answer: Answer) -> Draft:
        """The draft with one more answer.

        Raises
        ------
        InputError : everything that is wrong with it; the draft stays as it was.
        """
        wrong = [*_wrong(answer, set(map(str, self.data.frame.columns)))]
        if not wrong:
            wrong = [*_left(answer, self.undecided(answer)), *self._in_question(answer)]
        InputError.refuse(wrong)
        return replace(self, answers={**self.answers, answer.gld: answer})

    def _in_question(self, answer: Answer) -> Iterator[Problem]:
        """A weight without a factor whose decimal point may not be written; ages that seem to be
        first years of groups.
        """
        column = answer.column
        if answer.factor or answer.codes or column not in self.data.frame:
            return
        values = self.data.frame[column]
        label = self.data.labels.get(column, "")
        if answer.gld == WEIGHT and doubtful_weights(values, label):
            yield decimals_asked(values, in_column(column), label)
        if answer.gld == "age" and (met := first_years(values)):
            yield groups_asked(met, in_column(column))

    def preview(self, *only: str) -> Preview:
        """The file as it is mapped so far, counted. only : these columns of the template."""
        columns, codes = tables([answer for answer in self.answers.values() if not answer.absent])
        if columns.empty:
            return Preview(_NOTHING)
        try:
            section = mapping_of(self.path, columns, codes, self.settings)
            mapped = map_columns(self.data.frame, as_mapping(section))
        except (InputError, ParamsError) as error:
            return Preview(_NOTHING, tuple(error.problems))
        weighted = "weight" in mapped.columns
        wrong = tuple(_no_such_numbers(mapped[list(only)] if only else mapped))
        if any("weight" in problem.where for problem in wrong):
            return Preview(_NOTHING, wrong)
        shown = codebook(mapped)
        if only:
            shown = shown[shown["column"].isin(only)]
        return Preview(shown.reset_index(drop=True), wrong, weighted=weighted)

    def save(self) -> Path:
        """Write what was said into the workbook: sheets 'columns' and 'codes', and beside each
        proposal whether it was taken.
        """
        book = load_workbook(self.path)
        if "proposals" not in book.sheetnames:
            write_file_sheets(book, self.data)
        columns, codes = tables([answer for answer in self.answers.values() if not answer.absent])
        for name, table in (("columns", columns), ("codes", codes)):
            fill(book, name, table)
        mark(book, self.answers)
        book.save(self.path)
        return self.path


def _proposed(proposal: Proposal | None) -> tuple[str, str]:
    """The column that is proposed, and how sure that is; empty where none is."""
    if proposal is None:
        return "", ""
    return proposal.column, f"{proposal.confidence}: {proposal.why}"


def _told(answer: Answer | None) -> str:
    if answer is None:
        return "open"
    constant = f"= {answer.constant}" if answer.constant else REFUSED
    return answer.column or constant


def open_draft(path: str | Path, data: Dataset, known: Collection[str] = ()) -> Draft:
    """A mapping workbook as far as it is filled.

    Parameters
    ----------
    path : the workbook that `mismes new` or `mapping_workbook` made.
    data : the office's file, as `frame.read` gives it.
    known : columns of the template whose value the params say (countrycode, year).

    Raises
    ------
    InputError : the workbook is none, or lacks a column.
    """
    path = Path(path)
    columns, codes, settings = workbook_rows(path)
    described = file_columns(data)
    offered = {p.gld: p for p in proposals(described)}
    answers = {}
    for row in columns.to_dict("records"):
        mine = codes[codes["gld_column"] == row["gld_column"]]
        answers[str(row["gld_column"])] = Answer(
            gld=str(row["gld_column"]),
            column=str(row["file_column"]),
            factor=str(row["unit_factor"]),
            constant=str(row["constant"]),
            codes={row.file_code: row.gld_code for row in mine.itertuples() if row.gld_code},
            reasons={
                row.file_code: row.missing_reason for row in mine.itertuples() if row.missing_reason
            },
        )
    for gld in refused_columns(path):
        answers.setdefault(gld, Answer(gld))
    return Draft(
        path=path,
        data=data,
        columns=described,
        offered=offered,
        answers=answers,
        settings=settings,
        known=frozenset(known),
    )


def _no_such_numbers(mapped: pd.DataFrame) -> Iterator[Problem]:
    """Columns of the template that hold numbers and got texts, or numbers that cannot be."""
    for about in frames.template("lfs_person").columns:
        if about.kind not in NUMBERS or about.name not in mapped:
            continue
        values = mapped[about.name]
        numbers = pd.to_numeric(values, errors="coerce")
        odd = values[values.notna() & numbers.isna()].astype(str)
        if odd.empty:
            yield from out_of_range(numbers, about)
            continue
        comma = odd.str.fullmatch(r"-?\d+,\d+").all()
        fix = "Say why each is no answer, or which column it is."
        yield Problem(
            what="text in a column of numbers",
            where=about.name,
            expected="numbers",
            got=named(odd.unique()),
            fix="A decimal comma is said in the params: reading.decimal: ','" if comma else fix,
            count=len(odd),
        )


def _template_codes(gld: str) -> set[str]:
    about = frames.template("lfs_person")[gld]
    if about.kind == "bool":
        return {"0", "1"}
    return set(labels(about.codes)) if about.codes else set()


def _wrong(answer: Answer, columns: set[str]) -> Iterator[Problem]:
    """What cannot be meant."""
    if answer.gld not in frames.template("lfs_person").names:
        yield Problem("no such GLD column", answer.gld, "a name of the template")
        return
    if answer.column and answer.constant:
        yield Problem("a column has both", answer.gld, "a column of the file, or a constant")
    parts = parts_of(answer.column) if answer.column else []
    if not set(parts) <= columns:
        yield Problem("the file has no such column", answer.column, "a column of the file")
    if len(parts) > 1 and answer.gld not in JOINED:
        expected = worded(
            "one column; several are joined for {joined} only", {"joined": ", ".join(JOINED)}
        )
        yield Problem("columns joined that are no identifier", answer.gld, expected, answer.column)
    if answer.factor and not _is_factor(answer.factor):
        yield Problem("a unit factor is no number", answer.gld, "such as 0.001", answer.factor)
    own = _template_codes(answer.gld)
    given = [*answer.codes.items(), *([("", answer.constant)] if answer.constant else [])]
    for code, new in given:
        if own and new not in own:
            yield Problem("no such code", _at(answer, code), named(sorted(own)), new)
    for code, reason in answer.reasons.items():
        if reason not in REASONS:
            yield Problem("no such reason", _at(answer, code), ", ".join(REASONS), reason)


def _at(answer: Answer, code: str) -> Message:
    """The place of a code of the file."""
    return worded("{gld}, file code {code}", {"gld": answer.gld, "code": repr(code)})


def _left(answer: Answer, codes: tuple[str, ...]) -> Iterator[Problem]:
    if codes:
        yield Problem(
            "codes of the file that nothing is said of",
            in_place(answer.gld, in_column(answer.column)),
            "a code of the template or a reason for each",
            named(codes),
        )


def _is_factor(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
