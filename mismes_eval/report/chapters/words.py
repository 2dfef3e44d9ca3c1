"""Names of columns in words, for tables that a reader outside the survey office understands."""

from __future__ import annotations

WORDS = {
    "employed": "employed, at home or abroad", "employed_home": "employed at home", "abroad": "living abroad", "months_employed_12m": "months employed in the last 12",
    "earnings": "monthly earnings", "earn_month": "monthly earnings", "earn_home_ppp": "monthly earnings, purchasing power", "job_match": "job matches skills", "business": "has a business",
    "male": "men", "age_enrol": "age at enrolment", "educat7": "education (1 to 7)", "base_employed": "employed at enrolment", "base_earn": "earnings at enrolment",
    "contract": "has a contract", "socialsec": "social security", "rsi_total": "reintegration index", "urban": "lives in a town", "vulnerable": "vulnerable",
}  # fmt: skip
