"""What an office's column may be: whole words, the person who answers, labelled values that are no
answer. Files are made up; the labels are of the kinds that opinion and labour surveys print.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from mismes_eval import frame as frames
from mismes_eval import lfs
from mismes_eval.errors import InputError
from mismes_eval.lfs.code_meanings import meanings, named_apart
from mismes_eval.lfs.mapping_draft import open_draft
from mismes_eval.lfs.mapping_workbook import mapping_workbook, read_mapping
from mismes_eval.lfs.proposals import (
    FileColumn,
    Proposal,
    age_group,
    file_columns,
    proposals,
    proposed_codes,
    proposed_reasons,
)

STATES = {0: "No, not looking", 1: "No, looking", 2: "Yes, part time", 3: "Yes, full time"}
REGIONS = {1: "North", 2: "South", 3: "South"}


def column(name: str, label: str = "", *values: tuple[str, str]) -> FileColumn:
    return FileColumn(name, label, "number", 0.0, tuple((c, words, 5) for c, words in values))


def proposed(*columns: FileColumn) -> dict[str, Proposal]:
    return {p.gld: p for p in proposals(columns)}


@pytest.mark.parametrize(
    ("label", "not_it"),
    [
        ("Sewage system in the area", "wage_no_compen"),
        ("Corruption: judges and magistrates", "strata"),
        ("Teacher misconduct", "occup_isco"),
        ("Language spoken at home", "age"),
        ("Sexual health clinic nearby", "male"),
        ("Interviewer's gender", "male"),
        ("Age of 2nd member of the household", "age"),
        ("Occupation of head of household (ISCO)", "occup_isco"),
    ],
)
def test_a_part_of_a_word_or_another_person_is_not_it(label: str, not_it: str) -> None:
    assert not_it not in proposed(column("q7", label))


def test_a_label_that_only_mentions_it_is_less_sure_than_one_that_begins_with_it() -> None:
    found = proposed(
        column("q1", "Issues of the country - Hours worked"), column("q2", "Usual hours worked")
    )
    assert (found["whours"].column, found["whours"].confidence) == ("q2", "medium")
    alone = proposed(column("q1", "Issues of the country - Hours worked"))
    assert alone["whours"].confidence == "low"


def test_answers_are_no_amounts() -> None:
    yes_or_no = (("0", "Not mentioned"), ("1", "Mentioned"))
    assert "wage_no_compen" not in proposed(column("q1", "Wage", *yes_or_no))
    assert "wage_no_compen" in proposed(column("q1", "Wage", ("98", "Refused"), ("1200", "")))


def test_the_weight_of_persons_goes_before_that_of_households() -> None:
    found = proposed(
        column("hw", "Weight for household-level questions"),
        column("iw", "Weight for individual-level questions"),
    )
    assert found["weight"].column == "iw"
    two = proposed(column("w1", "Final weight, persons"), column("w2", "Final weight, revised"))
    assert two["weight"].why.endswith("also w2")


def test_a_weight_that_some_rows_lack_may_be_that_of_a_body() -> None:
    whole = proposed(FileColumn("weight", "", "number", 0.0, ()))["weight"]
    lacking = proposed(FileColumn("weight", "", "number", 0.011, ()))["weight"]
    assert (whole.confidence, lacking.confidence) == ("high", "low")


def test_columns_of_a_portuguese_file() -> None:
    """Names of IBGE's public files, words for codes."""
    sex = column("sexo", "", ("Homem", ""), ("Mulher", ""))
    found = proposed(sex, column("idade"), column("upa"), column("V1028"), column("V2009"))
    assert found["male"].codes == {"Homem": "1", "Mulher": "0"}
    expected = {"age": "idade", "psu": "upa", "weight": "V1028"}
    assert {gld: found[gld].column for gld in ("age", "psu", "weight")} == expected


def test_labels_that_are_no_answer_are_proposed_as_reasons() -> None:
    labels = {
        "-1": "Don’t know",
        "-2": "Refuse to answer",
        "-7": "Legal skip",
        "8": "Ne sait pas",
        "9": "No responde",
        "10": "Break-off",
        "11": "Interviewer error",
        "12": "Refugee",
    }
    reasons = proposed_reasons([(code, label, 1) for code, label in labels.items()])
    expected = {"-1": "DK", "-2": "REF", "-7": "NA_notapp", "8": "DK", "9": "REF", "10": "NOTASKED"}
    assert reasons == expected


def test_employment_in_one_question_becomes_the_labour_force_status() -> None:
    listed = [(str(code), label, 1) for code, label in STATES.items()]
    assert proposed_codes("lstatus", listed) == {"0": "3", "1": "2", "2": "1", "3": "1"}
    found = proposed(column("Q94", "Q94. Employment status", *((c, w) for c, w, _ in listed)))
    assert found["lstatus"].confidence == "medium" and "empstat" not in found


def test_regions_become_their_names_and_two_of_one_name_stay_two() -> None:
    listed = [(str(code), label, 1) for code, label in REGIONS.items()]
    assert proposed_codes("subnatid1", listed) == {"1": "North", "2": "2 - South", "3": "3 - South"}


@pytest.mark.parametrize(
    ("label", "apart"),
    [("Refused", True), ("Ne sait pas", True), ("97 or more", False), ("Less than a year", False)],
)
def test_a_word_beside_numbers_is_told_from_a_quantity(label: str, apart: bool) -> None:
    assert named_apart(label) is apart


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    """SYNTHETIC persons: labelled codes among ages and hours, and codes that the file itself
    declares missing.
    """
    frame = pd.DataFrame(
        {
            "hh": [1, 2, 3, 4],
            "no": [1, 1, 1, 1],
            "age": [30.0, 45.0, 998.0, 97.0],
            "hours": [40.0, 99.0, 35.0, 20.0],
            "civil": [1.0, 2.0, 9.0, 2.0],
        }
    )
    path = tmp_path / "lfs.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=["", "", "Age", "Hours worked", "Marital status"],
        variable_value_labels={
            "age": {998.0: "Refused", 97.0: "97 or more"},
            "hours": {99.0: "Does not know"},
            "civil": {1.0: "Married", 2.0: "Single", 9.0: "No answer"},
        },
        missing_ranges={"civil": [9.0]},
    )
    return path


MAPPED = {
    "name": "made up",
    "columns": {"hhid": "hh", "pid": "no", "age": "age", "whours": "hours", "marital": "civil"},
    "constants": {"countrycode": "MDA", "year": 2023, "weight": 1, "male": 1},
    "recode": {"marital": {1: 1, 2: 2}},
    "missing": {"marital": {9: "REF"}},
}


def test_labelled_codes_among_numbers_are_asked_about(delivered: Path) -> None:
    with pytest.raises(InputError) as caught:
        lfs.read(delivered, MAPPED)
    age, hours = (str(p) for p in caught.value.problems)
    assert "column 'age' (for age)" in age and "998 = Refused" in age and "97" not in age
    assert "missing: {whours: {99: DK}}" in hours


def test_what_the_file_declares_missing_keeps_the_reason_that_was_said(delivered: Path) -> None:
    missing = {"marital": {9: "REF"}, "age": {998: "REF"}, "whours": {99: "DK"}}
    read = lfs.read(delivered, {**MAPPED, "missing": missing})
    assert read["marital_miss"].tolist()[2] == "REF" and read["age_miss"].tolist()[2] == "REF"
    assert read["age"].tolist()[3] == 97 and read["whours"].isna().tolist() == [0, 1, 0, 0]
    assert "civil_miss" not in read.attrs["unused"]


@pytest.mark.whole
def test_a_draft_takes_reasons_with_the_column_and_writes_them(delivered: Path) -> None:
    data = frames.read(delivered)
    path = mapping_workbook(delivered.with_name("mapping.xlsx"), data=data)
    draft = open_draft(path, data)
    said = {"age": "y", "marital": "y", "whours": "y", "hhid": "hh", "pid": "no"}
    draft = draft.answered_all(said)
    assert draft.answers["marital"].reasons == {"9": "REF"}
    draft.save()
    section = read_mapping(path)
    expected = {"age": {"998": "REF"}, "marital": {"9": "REF"}, "whours": {"99": "DK"}}
    assert section["missing"] == expected


def test_codes_without_labels_are_less_sure_and_say_so() -> None:
    bare = proposed(column("CAT_OCUP", "", ("1", ""), ("3", "")))["empstat"]
    assert bare.confidence == "medium" and "questionnaire" in bare.why
    words = proposed(column("sexo", "", ("Hombre", ""), ("Mujer", "")))["male"]
    assert words.confidence == "high" and words.codes == {"Hombre": "1", "Mujer": "0"}


@pytest.mark.whole
def test_an_identifier_of_two_columns_is_joined(delivered: Path) -> None:
    data = frames.read(delivered)
    path = mapping_workbook(delivered.with_name("mapping.xlsx"), data=data)
    draft = open_draft(path, data)
    with pytest.raises(InputError, match="no identifier"):
        draft.answered(draft.meant("age", "hh + no"))
    with pytest.raises(InputError, match="no such answer"):
        draft.meant("hhid", "hh + nobody")
    draft = draft.answered_all({"hhid": "hh + no", "pid": "no"})
    assert not draft.preview().problems
    draft.save()
    section = read_mapping(path)
    assert section["join"] == {"hhid": ["hh", "no"]} and section["columns"] == {"pid": "no"}
    assert lfs.map_columns(data.frame, section)["hhid"].tolist() == ["1-1", "2-1", "3-1", "4-1"]
    again = open_draft(path, data)
    assert again.answers["hhid"].column == "hh + no"
    assert "hh + no" in repr(again) and "998" not in repr(again)  # no row of the file


@pytest.mark.whole
def test_a_constant_alone_is_counted(delivered: Path) -> None:
    data = frames.read(delivered)
    path = mapping_workbook(delivered.with_name("mapping.xlsx"), data=data)
    draft = open_draft(path, data).answered_all({"weight": "= 1"})
    assert not draft.preview().problems and draft.preview().weighted


@pytest.mark.whole
def test_a_number_of_another_list_is_not_taken_by_its_number(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"CH15": [1, 2, 4, 5], "P21": ["1500,5", "2,0", "", "7,5"], "sexo": [1, 2, 1, 2]}
    )
    path = tmp_path / "eph.csv"
    frame.to_csv(path, sep=";", index=False)
    data = frames.read(path, separator=";")
    draft = open_draft(mapping_workbook(tmp_path / "mapping.xlsx", data=data), data)
    assert draft.undecided(draft.meant("male", "y")) == ("1", "2")
    assert draft.undecided(draft.meant("mig_foreign_born", "y")) == ("1", "2", "4", "5")
    draft = draft.answered_all({"wage_no_compen": "y"})
    (text,) = draft.preview().problems
    assert text.what == "text in a column of numbers" and "reading.decimal" in text.fix


OFFICES = [
    (
        "ocup",
        "Statut ocupațional BIM",
        {1: "Ocupat", 2: "Șomer BIM", 3: "Inactiv"},
        "lstatus",
        "123",
    ),
    ("stare", "Starea civilă", {1: "Necăsătorit(ă)", 2: "Căsătorit(ă)"}, "marital", "21"),
    ("mediu", "Mediul de reședință", {1: "Urban", 2: "Rural"}, "urban", "10"),
    ("sex", "Sexul", {1: "Masculin", 2: "Feminin"}, "male", "10"),
    (
        "ilo_lfs",
        "Labour Force Status",
        {2: "Unemployed", 3: "3 - Outside Labour Force"},
        "lstatus",
        "23",
    ),
    (
        *("PEMLR", "Labor force status"),
        {1: "EMPLOYED-ABSENT", 2: "UNEMPLOYED-LOOKING", 3: "NOT IN LABOR FORCE-RETIRED"},
        *("lstatus", "123"),
    ),
    ("SITAC", "Situation d'activité", {1: "Actif occupé", 2: "Chômeur"}, "lstatus", "12"),
    (
        *("CONDACT", "Condición de actividad"),
        {1: "Subempleo por insuficiencia de ingresos", 7: "Desempleo abierto", 9: "Inactivo/a"},
        *("lstatus", "123"),
    ),
    ("P06", "Estado civil", {1: "Casado(a)", 4: "Viudo(a)", 6: "Soltero(a)"}, "marital", "152"),
    (
        *("P15", "¿Dónde nació?"),
        {1: "En esta parroquia", 2: "En otro lugar del país", 3: "En otro país"},
        *("mig_foreign_born", "001"),
    ),
    (
        *("P42", "Categoría de ocupación"),
        {2: "Empleado privado", 5: "Patrono", 6: "Cuenta propia", 7: "Trab. fam. no remunerado"},
        *("empstat", "1342"),
    ),
    (
        *("pays", "Pays de naissance"),
        {788: "Tunisie", 250: "France", 384: "Côte d'Ivoire", 999: "Non déclaré"},
        *("mig_birth_country", "TUNFRACIV"),
    ),
    ("cob", "Country of birth", {"TN": "", "FR": ""}, "mig_birth_country", "TUNFRA"),
    ("COBGROUP", "", {"NAT": "Native", "EU": "EU"}, "mig_foreign_born", "01"),
    (
        *("PRCITSHP", "Citizenship status"),
        {
            1: "NATIVE, BORN ABROAD OF US PARENTS",
            2: "FOREIGN BORN, US CIT BY NATURALIZATION",
            3: "FOREIGN BORN, NOT A US CITIZEN",
        },
        *("mig_foreign_citizen", "001"),
    ),
]


@pytest.mark.parametrize(("name", "label", "words", "gld", "codes"), OFFICES)
def test_words_of_offices_in_their_languages(
    name: str, label: str, words: dict[object, str], gld: str, codes: str
) -> None:
    """Codes as Moldova's and the US offices, the ILO and Eurostat call them."""
    listed = tuple((str(code), words[code], 10) for code in words)
    (found,) = proposals((FileColumn(name, label, "number", 0.0, listed),))
    assert (found.gld, "".join(found.codes.values())) == (gld, codes)
    assert not found.unknown


@pytest.mark.parametrize(
    ("label", "gld"),
    [
        ("Numărul gospodăriei", "hhid"),
        ("Coeficient de extindere", "weight"),
        ("Vârsta în ani împliniți", "age"),
        ("Țara nașterii", "mig_birth_country"),
        ("How old was (NAME) at last birthday?", "age"),
        ("Horas de trabajo semana pasada", "whours"),
        ("Hours usually worked", "whours"),
        ("Lien avec le chef de ménage", "relationharm"),
        ("¿Cuál es su estado conyugal o civil actual?", "marital"),
    ],
)
def test_labels_of_offices_in_their_languages(label: str, gld: str) -> None:
    found = proposals((FileColumn("x1", label, "number", 0.0, ()),))
    assert gld in {p.gld for p in found}


def test_a_household_number_that_starts_again_is_joined_with_the_psu() -> None:
    again = FileColumn("num_dom", "Numero do domicilio", "text", 0.0, (), rows_each=900.0)
    once = replace(again, rows_each=3.1)
    alone, joined = proposed(again)["hhid"], proposed(again, column("upa"))["hhid"]
    assert (joined.column, joined.confidence) == ("upa + num_dom", "medium")
    assert (alone.column, alone.confidence) == ("num_dom", "low")
    assert proposed(once, column("upa"))["hhid"].column == "num_dom"


def test_the_weight_of_the_last_step_goes_before_that_of_an_earlier_one() -> None:
    found = proposed(column("peso_sem_ajuste"), column("peso_com_ajuste"))
    assert found["weight"].column == "peso_com_ajuste"


@pytest.mark.parametrize(
    ("label", "ages"),
    [
        ("16-24", "16-24"),
        ("15 to 19 years", "15-19"),
        ("de 20 a 24 anos", "20-24"),
        ("65+", "65+"),
        ("75 years and over", "75+"),
        ("65 ans et plus", "65+"),
        ("Under 15", "0-14"),
        ("Not stated", ""),
    ],
)
def test_ages_are_read_from_the_labels_of_groups(label: str, ages: str) -> None:
    assert age_group(label) == ages


def test_age_groups_are_proposed_beside_ages() -> None:
    groups = column("agegr", "Age group", ("1", "16-24"), ("2", "65+"))
    found = proposed(column("age", "Age"), groups)
    assert (found["age"].column, found["age_group"].column) == ("age", "agegr")
    assert found["age_group"].codes == {"1": "16-24", "2": "65+"}
    assert "age" not in proposed(groups)


def test_a_text_code_says_that_it_is_no_answer_and_an_abbreviation_does_not() -> None:
    listed = [("Não aplicável", "", 5), ("NR", "", 5), ("Casado", "", 5)]
    assert proposed_reasons(listed) == {"Não aplicável": "NA_notapp"}


def test_states_of_people_without_work_become_codes() -> None:
    listed = [
        ("1", "RETIRED", 5),
        ("2", "PUPIL OR STUDENT", 5),
        ("3", "EMPLOYED IN PUBLIC SECTOR", 5),
    ]
    listed += [("4", "LONG-TERM SICK/DISABLED", 5), ("5", "FARMER", 5), ("6", "Ama de casa", 5)]
    wanted = {"1": "3", "2": "3", "3": "1", "4": "3", "5": "1", "6": "3"}
    assert proposed_codes("lstatus", listed) == wanted
    found = proposed_codes("urban", [("1", "RURAL AREAS", 5), ("2", "URBAN BELOW 20,000", 5)])
    assert found == {"1": "0", "2": "1"}


PAY = ("Work status", ("1", "Limited duration"), ("2", "Permanent nature"))
NONE = ("0", "Not applicable")
RAISES = (("1", "Negotiation"), ("2", "Bargaining council"), ("5", "No regular increment"))
STATUS = (("1", "Employed"), ("2", "Unemployed"), ("3", "Discouraged job seeker"))
WORKED_FOR = (
    ("1", "Working for someone else for pay"),
    ("2", "An employer (employing one or more employees)"),
    ("3", "Own account worker (not employing any employees)"),
    ("4", "Helping without pay in a household business"),
)


def test_labels_of_a_public_survey_with_neighbours_that_look_alike() -> None:
    """Columns of South Africa's QLFS 2017 Q3 and 2012 Q4 (DataFirst): what they are called there."""
    found = proposed(
        FileColumn("Q44YEARSTART", "Year commenced working", "number", 0.7, ()),
        FileColumn("UQNO", "Unique number", "text", 0.0, (), rows_each=3.3),
        column("PERSONNO", "Person number"),
        column("Status_exp", "Employment Status Expanded", *STATUS),
        column("Status", "Employment status", *STATUS, ("4", "Other not economically active")),
        column("Q412CONTRDURATION", *PAY),
        column("Q317WRK4WHOM", "Whom did you work for", *WORKED_FOR, NONE, NONE),
        column("Q45WRK4WHOM", "Main work", *WORKED_FOR, NONE),
        column("Q412CSALINCREMENT", "Salary increment", *RAISES),
        column("Q419MONHRSWRK", "Hours worked past week- on Monday"),
        column("Hrswrk", "Hours worked"),
        column("Q19ATTE", "Currently attending educational institution", ("1", "Yes"), ("2", "No")),
        column("age_grp1", "Age group", ("1", "00-04"), ("2", "05-09")),
        column("Q14AGE", "Age"),
        column("c16a", "16A. Planea adquirir un inmueble (casa, departamento) en 3 meses"),
    )
    assert {gld: p.column for gld, p in found.items()} == {
        "hhid": "UQNO",
        "pid": "PERSONNO",
        "age_group": "age_grp1",
        "age": "Q14AGE",
        "lstatus": "Status",
        "empstat": "Q45WRK4WHOM",
        "whours": "Hrswrk",
        "school": "Q19ATTE",
    }
    assert found["lstatus"].codes == {"1": "1", "2": "2", "3": "3", "4": "3"}
    assert found["empstat"].codes == {"1": "1", "2": "3", "3": "4", "4": "2"}


@pytest.mark.parametrize(
    ("gld", "label", "codes"),
    [
        ("empstat", "Employed", set()),  # not "self-employed"
        ("educat7", "Primary/no education", {"1", "2", "3"}),
        ("educat7", "Less than primary completed", {"2"}),
        ("marital", "Widowed or divorced", {"4", "5"}),
        ("marital", "Divorced or separated", {"4"}),
        ("marital", "Never-married", {"2"}),
    ],
)
def test_a_label_that_may_mean_two_codes_is_asked_about(
    gld: str, label: str, codes: set[str]
) -> None:
    assert meanings(gld, label) == codes


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "targets", "gld", "codes"),
    [
        (
            "chile_ene_2020_efm.csv.gz",
            "weight=fact_cal psu=conglomerado strata=estrato_unico male=sexo subnatid1=region"
            " lstatus=cae_especifico",
            "male",
            {},
        ),
        pytest.param(
            "brazil_pnadc_2018q2.csv.gz",
            "year=ano hhid=upa+num_domicilio weight=peso_com_posestrat psu=upa strata=estrato"
            " age=idade male=sexo urban=situacao_domicilio subnatid1=uf educat7=nivel_instrucao"
            " wage_no_compen=rendimento whours=horas_trabalhadas",
            "male",
            {"Mulher": "0", "Homem": "1"},
            marks=pytest.mark.whole,
        ),
        (
            "poland_sd2011_workabroad.csv.gz",
            "weight=weight age_group=agegr age=age male=sex marital=marital subnatid1=region"
            " lstatus=socprof educat7=edu mig_worked_abroad=workab",
            "mig_worked_abroad",
            {"YES": "1", "NO": "0"},
        ),
        (
            "colombia_jea_panel.csv",
            "age=age_lb educat7=educ_lb wage_no_compen=salary_04 whours=hours_04",
            "educat7",
            {},
        ),
    ],
)
def test_real_files(shared: Path, name: str, targets: str, gld: str, codes: dict[str, str]) -> None:
    data = frames.read(shared / "data" / name, allowed=None)
    found = {p.gld: p for p in proposals(file_columns(data))}
    columns = {one: p.column.replace(" ", "") for one, p in found.items()}
    assert columns == dict(pair.split("=") for pair in targets.split())
    assert found[gld].codes == codes
