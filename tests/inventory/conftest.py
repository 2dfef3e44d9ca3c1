"""Made-up inventories for the tests of this folder."""

import pandas as pd
import pytest

from mismes_eval import inventory


def made_up(number, **cells):
    base = {
        "measure_id": f"MDA-{number:03d}",
        "country": "MDA",
        "title_en": f"SYNTHETIC measure {number}",
        "stage_code": "AFT",
        "model_primary": "M09",
        "start_date": "2020-01-15",
        "ongoing": "FALSE",
        "funder_main": "Funder A",
        "funder_type": "EU_MS",
        "funder_side": "DESTINATION",
        "budget_total": "100000",
        "currency": "EUR",
        "price_year": "2020",
        "budget_eur": "100000",
        "cost_overhead": "20000",
        "target_group": "RETURNEE_VOL",
        "benef_reached": "200",
        "benef_women": "80",
        "benef_completed": "150",
        "benef_placed": "60",
        "service_info": "TRUE",
        "linked_job_offer": "1",
        "employer_involved": "2",
        "qual_attention": "3",
        "expectation_mgmt": "0",
        "embedded_national": "1",
        "eval_done": "FALSE",
        "source_type": "SYNTHETIC",
        "date_retrieved": "2024-06-30",
    }
    return base | cells


SIX = [
    made_up(1),
    made_up(
        2,
        funder_side="ORIGIN",
        funder_main="Funder B",
        budget_total="300000",
        budget_eur="300000",
        benef_reached="100",
        benef_women="",
        benef_completed="",
        benef_placed="",
        cost_overhead="",
    ),
    made_up(
        3,
        stage_code="BEF",
        model_primary="M01",
        budget_total="",
        budget_eur="",
        currency="",
        price_year="",
        cost_overhead="",
    ),
    made_up(
        4,
        stage_code="BEF",
        model_primary="M02",
        start_date="2023-09-01",
        funder_side="MULTILATERAL",
        qual_attention="",
    ),
    made_up(
        5,
        eval_done="TRUE",
        eval_type="IMPACT",
        eval_year="2023",
        impact_design="DID",
        models_other="M06;M08",
    ),
    made_up(
        6,
        start_date="",
        eval_done="TRUE",
        eval_type="MONITORING",
        eval_year="2022",
        benef_reached="0",
        benef_women="0",
        benef_completed="0",
        benef_placed="0",
    ),
]


@pytest.fixture
def measure():
    """A valid measure by number, with the cells given."""
    return made_up


@pytest.fixture
def rows_of_six():
    """Six measures whose indicators are worked out by hand in the tests."""
    return SIX


@pytest.fixture
def write(tmp_path):
    """Rows to a CSV file; `name` may begin with a folder."""

    def written(rows, name="inventory.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        pd.DataFrame(rows).to_csv(path, index=False)
        return path

    return written


@pytest.fixture(scope="session")
def six(tmp_path_factory):
    path = tmp_path_factory.mktemp("six") / "inventory.csv"
    pd.DataFrame(SIX).to_csv(path, index=False)
    return inventory.read(path)
