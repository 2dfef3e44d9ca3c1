"""Names of columns in words, for tables that a reader outside the survey office understands."""

from __future__ import annotations

import re

from mismes_eval.lfs.indicators import LACKING
from mismes_eval.message import Message

WORDS = {
    "employed": "employed, at home or abroad",
    "employed_home": "employed at home",
    "employed_abroad": "employed abroad",
    "abroad": "living abroad",
    "months_employed_12m": "months employed in the last 12",
    "earnings": "monthly earnings",
    "earn_month": "monthly earnings",
    "earn_home_ppp": "monthly earnings, purchasing power",
    "job_match": "job matches skills",
    "business": "has a business",
    "male": "men",
    "age_enrol": "age at enrolment",
    "educat7": "education (1 to 7)",
    "base_employed": "employed at enrolment",
    "base_earn": "earnings at enrolment",
    "contract": "has a contract",
    "socialsec": "social security",
    "rsi_total": "reintegration index",
    "whours": "hours worked a week",
    "skill_use": "use of skills",
    "business_employees": "employees of the business",
    "business_profit": "profit of the business",
    "savings": "savings",
    "debt": "debt",
    "remit": "remittances sent",
    "rsi_econ": "reintegration index, economic",
    "rsi_social": "reintegration index, social",
    "rsi_psych": "reintegration index, psychosocial",
    "satisfied": "satisfaction with the measure",
    "intend_remig": "intends to leave again",
    "life_sat": "life satisfaction",
    "urban": "lives in a town",
    "vulnerable": "vulnerable",
}

# outcomes of the labour force survey, which asks residents only
OF_RESIDENTS = {"employed": "employed residents"}

DESIGN = {
    "male": "sex",
    "age_group": "age group",
    "urban": "type of place",
    "subnatid1": "region",
    "subnatid2": "district",
    "hhid": "household",
    "pid": "person",
    "phase1_class": "listing class",
    "_one_report": "single report",
    "age_enrol": "age at enrolment",
    "educat7": "education",
    "educat5": "education",
    "educat4": "education",
    "base_employed": "employed at enrolment",
    "base_earn": "earnings at enrolment",
}
# Columns of the labour force survey as what is asked, for reasons why a number is missing
QUESTIONS = {
    "lstatus": "labour status",
    "empstat": "status in employment",
    "educat7": "education",
    "educat5": "education",
    "educat4": "education",
    "educat_isced": "education",
    "educy": "years of education",
    "field_isced_f": "field of education",
    "school": "school attendance",
    "potential_lf": "potential labour force",
    "underemployment": "underemployment",
    "occup_isco": "occupation",
    "occup": "occupation",
    "socialsec": "social security",
    "contract": "contract",
    "wage_no_compen": "earnings of employees",
    "unitwage": "the period that earnings are for",
    "int_month": "month of interview",
    "int_year": "year of interview",
    "mig_status": "migration status",
    "mig_first_dep_ym": "month of first departure",
    "mig_intend_6m": "intention to leave",
    "mig_months_abroad_last": "months of the last stay abroad",
    "mig_n_spells": "number of stays abroad",
    "mig_occ_abroad": "occupation abroad",
    "mig_occ_before": "occupation before departure",
    "mig_occ_now": "occupation after return",
    "mig_rec_cost_currency": "currency of recruitment cost",
    "mig_rec_cost_total": "recruitment cost",
    "mig_recognised": "recognition of qualifications",
    "mig_wage_abroad": "earnings abroad",
    "mig_wage_abroad_currency": "currency of earnings abroad",
    "mig_worked_abroad": "work abroad",
    "migrated_from_cat": "place of origin",
    "msm_aware": "knowledge of support measures",
    "msm_part": "participation in support measures",
    "msm_useful": "usefulness of support measures",
}
_ASKED = re.compile(
    rf"(?<![\w'])({'|'.join(sorted(map(re.escape, QUESTIONS), key=len, reverse=True))})(?![\w'])"
)

# Indicators of the inventory: what is divided by what
INVENTORY = {
    "overhead ratio, median": (
        "Overhead cost over the whole budget, median over measures that report both."
    ),
    "destination-funded share of budget": (
        "Budgets paid from the destination countries over all budgets with a known payer."
    ),
    "destination-funded share of measures": (
        "Measures paid from the destination countries over all measures with a known payer."
    ),
    "origin-funded share of budget": (
        "Budgets paid from the country of origin over all budgets with a known payer."
    ),
    "origin-funded share of measures": (
        "Measures paid from the country of origin over all measures with a known payer."
    ),
    "multilateral-funded share of budget": (
        "Budgets paid by multilateral funders over all budgets with a known payer."
    ),
    "multilateral-funded share of measures": (
        "Measures paid by multilateral funders over all measures with a known payer."
    ),
    "completion rate": (
        "Beneficiaries who completed over beneficiaries reached, in measures that report both."
    ),
    "placement rate": (
        "Beneficiaries placed in a job over those who completed, in measures that report both."
    ),
}
SCORED = {
    "linked_job_offer": "linked to a job offer",
    "employer_involved": "employers' involvement",
    "qual_attention": "attention to qualifications",
    "expectation_mgmt": "expectations management",
    "embedded_national": "embedded in national systems",
}
_CODES = re.compile(rf"(?<![\w'])({'|'.join(map(re.escape, DESIGN))})(?![\w'])")


def spelled(text: str) -> str:
    """A sentence on weights or models with the usual columns of a survey in words; columns of the
    user's own stay as they stand.
    """
    if isinstance(text, Message) and text.values:
        words = {
            key: spelled(value) if isinstance(value, str) else value
            for key, value in text.values.items()
        }
        return Message(text.template, words, text.kind)
    return _CODES.sub(lambda m: DESIGN[m[1]], text)


def asked(reason: str) -> str:
    """Why a number is missing, with the survey's columns as what is asked."""
    if not isinstance(reason, Message) or not reason.values:
        return _as_questions(reason)
    words = {
        key: _as_questions(value) if isinstance(value, str) else value
        for key, value in reason.values.items()
    }
    said = Message(reason.template, words, reason.kind)
    if said == reason or reason.template != LACKING:
        return said
    parts = dict.fromkeys(
        " or ".join(dict.fromkeys(part.split(" or "))) for part in str(words["columns"]).split(", ")
    )
    return Message("The survey does not ask for {what}.", {"what": ", ".join(parts)}, reason.kind)


def _as_questions(text: str) -> str:
    """A text with the survey's columns as what is asked; a message by what stands in it."""
    if isinstance(text, Message) and text.values:
        return asked(text)
    said = _ASKED.sub(lambda m: QUESTIONS[m[1]], text)
    return text if said == text else said


def factor(indicator: str) -> str | None:
    """The success factor, in words, whose mean score an indicator of the inventory is; None for the
    others.
    """
    return SCORED.get(indicator.removeprefix("success factor ").removesuffix(", mean"))


def answer(column: str, value: str) -> str:
    """One answer in words: sex and place from their codes, anything else as it stands."""
    return {"male": {"0": "women", "1": "men"}, "urban": {"0": "rural", "1": "urban"}}.get(
        column, {}
    ).get(value.removesuffix(".0"), value)
