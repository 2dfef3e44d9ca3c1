"""Names of columns in words, for tables that a reader outside the survey office understands."""

from __future__ import annotations

import re

WORDS = {
    "employed": "employed, at home or abroad", "employed_home": "employed at home", "abroad": "living abroad", "months_employed_12m": "months employed in the last 12",
    "earnings": "monthly earnings", "earn_month": "monthly earnings", "earn_home_ppp": "monthly earnings, purchasing power", "job_match": "job matches skills", "business": "has a business",
    "male": "men", "age_enrol": "age at enrolment", "educat7": "education (1 to 7)", "base_employed": "employed at enrolment", "base_earn": "earnings at enrolment",
    "contract": "has a contract", "socialsec": "social security", "rsi_total": "reintegration index", "urban": "lives in a town", "vulnerable": "vulnerable",
}  # fmt: skip

DESIGN = {
    "male": "sex", "age_group": "age group", "urban": "type of place", "subnatid1": "region", "subnatid2": "district", "hhid": "household", "pid": "person", "phase1_class": "listing class",
    "_one_report": "single report", "age_enrol": "age at enrolment", "educat7": "education", "educat5": "education", "educat4": "education", "base_employed": "employed at enrolment",
    "base_earn": "earnings at enrolment",
}  # fmt: skip
_CODES = re.compile(rf"(?<![\w'])({'|'.join(map(re.escape, DESIGN))})(?![\w'])")


def spelled(text: str) -> str:
    """A sentence on weights or models with the usual columns of a survey in words; columns of the user's own stay as they stand."""
    return _CODES.sub(lambda m: DESIGN[m[1]], text)


def answer(column: str, value: str) -> str:
    """One answer in words: sex and place from their codes, anything else as it stands."""
    return {"male": {"0": "women", "1": "men"}, "urban": {"0": "rural", "1": "urban"}}.get(column, {}).get(value.removesuffix(".0"), value)
