"""Dates after the survey are refused with their lines; what a survey may have is not."""

import pandas as pd
import pytest

from mismes_eval.errors import InputError
from mismes_eval.evaluation.contradictions import of_survey
from mismes_eval.evaluation.survey_dates import refuse_late_departures, refuse_late_interviews

PERSONS = pd.DataFrame({"year": [2023, 2023, 2023], "int_year": [2023, 2024, None]})


def test_interviews_may_reach_into_the_next_year_and_no_further() -> None:
    refuse_late_interviews(PERSONS, "lfs.csv")
    refuse_late_interviews(PERSONS[["year"]], "lfs.csv")
    late = PERSONS.assign(int_year=pd.array([2023, 2025, 2031], dtype="Int64"))
    with pytest.raises(InputError) as refused:
        refuse_late_interviews(late, "lfs.csv")
    (problem,) = refused.value.problems
    assert problem.rows == (3, 4) and problem.got == "2025, 2031"


def test_check_names_returns_after_the_interview() -> None:
    told = PERSONS.assign(int_month=[3, 3, 3], mig_last_ret_ym=["2023-03", "2024-04", "2029-01"])
    (line,) = of_survey(told)
    assert "1 persons returned after the interview" in line and "mig_last_ret_ym" in line
    assert not of_survey(told.assign(mig_last_ret_ym="2023-03"))


def test_nobody_left_after_the_last_interview() -> None:
    absent = pd.DataFrame({"dep_ym": ["2019-05", "2024-12", None]})
    refuse_late_departures(absent, PERSONS, "absent.csv")
    refuse_late_departures(None, PERSONS, "absent.csv")
    refuse_late_departures(absent, PERSONS.assign(year=None, int_year=None), "absent.csv")
    late = absent.assign(dep_ym=["2025-01", "2024-12", "2031-02"])
    with pytest.raises(InputError) as refused:
        refuse_late_departures(late, PERSONS, "absent.csv")
    (problem,) = refused.value.problems
    assert problem.rows == (2, 4) and problem.got == "2025-01, 2031-02"
