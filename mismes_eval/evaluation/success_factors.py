"""The success factors of measures by which effects are compared."""

FACTORS = {
    "employer_involved": "employers' involvement",
    "qual_attention": "attention to qualifications",
    "expectation_mgmt": "expectations management",
}
