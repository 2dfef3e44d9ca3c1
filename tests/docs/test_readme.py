"""What the README says can be done: its code runs on made-up persons, its commands and options
exist, its links lead somewhere.
"""

import re
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.cli import group

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def survey_persons() -> pd.DataFrame:
    """SYNTHETIC persons with the columns that the README's survey has."""
    rng = np.random.default_rng(5)
    n = 4000
    region = rng.choice(list("ABC"), n)
    return pd.DataFrame(
        {
            "w": rng.uniform(500, 1000, n),
            "region": region,
            "psu": [f"{r}{k}" for r, k in zip(region, rng.integers(0, 30, n), strict=True)],
            "sex": rng.choice(["F", "M"], n),
            "age_group": rng.choice(["15-24", "25+"], n),
            "answered": rng.random(n) < 0.8,
            "employed": (rng.random(n) < 0.5).astype(float),
            "mig_status": rng.choice(["RET", "NON"], n),
        }
    )


def tracer_study() -> tuple[me.Sample, pd.DataFrame]:
    """SYNTHETIC enrolment and waves of a study whose measure adds 0.3 to the share employed; a
    quarter is lost by wave 3.
    """
    rng = np.random.default_rng(6)
    n = 1200
    treated = rng.integers(0, 2, n)
    enrolled = pd.DataFrame(
        {
            "person_id": np.arange(n),
            "w": 1.0,
            "sex": rng.choice(["F", "M"], n),
            "age": rng.integers(18, 60, n) * 1.0,
            "earnings_before": rng.uniform(0, 9, n),
            "treated": treated,
        }
    )
    waves = [
        pd.DataFrame(
            {
                "person_id": enrolled["person_id"],
                "wave": wave,
                "employed": (rng.random(n) < 0.4 + 0.3 * treated * (wave == 3)).astype(float),
            }
        )[lambda f, share=share: rng.random(len(f)) < share]
        for wave, share in ((0, 1.1), (3, 0.75))
    ]
    return me.Sample.from_frame(enrolled, weights="w"), pd.concat(waves, ignore_index=True)


def test_the_code_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    enrolled, waves = tracer_study()
    persons = survey_persons()
    regions = {"A": 1_000_000, "B": 1_000_000, "C": 985_800}
    names: dict[str, object] = {
        "persons": persons,
        "region_totals": regions,
        "waves": waves,
        "enrolled": enrolled,
        "cost_per_participant": 1500.0,
    }
    exec(compile(block, "README.md", "exec"), names)
    att, sample = names["att"], names["s"]
    assert isinstance(att, me.Estimate) and isinstance(sample, me.Sample)
    assert abs(att.value[0] - 0.3) < 4 * att.se[0]
    assert sample.weights.sum() == pytest.approx(2_985_800)


def test_commands_and_options_are_there() -> None:
    said = re.findall(
        r"`(?:\.venv/bin/)?mismes ([^`]+)`|^\.venv/bin/mismes (.+)$", README, re.MULTILINE
    )
    commands = [(a or b).split() for a, b in said]
    assert len(commands) > 6
    for words in commands:
        command = group.get_command(click.Context(group), words[0])
        assert command is not None, words
        known = {o for p in command.params for o in p.opts}
        assert {w for w in words if w.startswith("--")} <= known, words
    targets = re.findall(r"^make ([a-z]+)", README, re.MULTILINE) + re.findall(
        r"`make ([a-z]+)`", README
    )
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets and all(re.search(rf"^{t}:", makefile, re.MULTILINE) for t in targets)


def test_links_and_pictures_are_there() -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", README)]
    assert len(links) > 10
    assert [
        link for link in links if not link.startswith("http") and not (ROOT / link).exists()
    ] == []
