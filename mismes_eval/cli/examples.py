"""Examples that stand under the help of each command."""

from __future__ import annotations

from collections.abc import Mapping

EXIT_STATUS = """\b
Exit status:
  0    done
  1    a report failed, a verification differs, or a file cannot be written
  2    bad input or usage: what to mend is on standard error
  130  stopped from the keyboard (143 by SIGTERM, 129 by SIGHUP)"""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "report": (
        "mismes report --all",
        "mismes report MDA TUN --jobs 2 --pdf --docx",
        "mismes report params/real/CHL.yaml --data-root /data/surveys",
        "mismes report MDA --json",
        "mismes report MDA --out reports/2026Q3 --earlier reports/2026Q2",
    ),
    "synthesis": (
        "mismes synthesis",
        "mismes synthesis MDA TUN MAR",
        "mismes synthesis --evidence evidence.csv",
        "mismes synthesis --language fr --json",
    ),
    "export": (
        "mismes export MDA",
        "mismes export MDA --microdata --replicates 500 --out handover",
    ),
    "plan": (
        "mismes plan MDA-001 --persons 600",
        "mismes plan MDA-004 --persons 900 --regions 10 --months 18 --interview-cost 25",
    ),
    "wave": (
        "mismes wave plan MDA --wave 4 --months 36",
        "mismes wave status MDA --wave 3 --on 2021-07-25",
    ),
    "claims": (
        "mismes claims MDA",
        "mismes claims MDA --out reports/2026Q3 --json",
    ),
    "advise": (
        "mismes advise MDA",
        "mismes advise MDA --json",
    ),
    "form": (
        "mismes form MDA",
        "mismes form MDA --form tracer_wave --language ro --language ru",
        "mismes form MDA --json",
    ),
    "collect": (
        "mismes collect MDA lfs_module export.csv",
        "mismes collect MDA tracer_wave wave2.csv --sample sample.csv --attempts contact.csv --wave 2",
    ),
    "check": (
        "mismes check",
        "mismes check JOR",
        "mismes check params/real/CHL.yaml --data-root /data/surveys",
        "mismes check MDA --json --codebook",
    ),
    "verify": (
        "mismes verify MDA",
        "mismes verify reports/MDA reports/TUN --quiet",
        "mismes verify MDA --signed-by office.pub",
        "mismes verify edited.docx --report reports/MDA",
    ),
    "sign": ("mismes sign MDA --key office", "mismes sign MDA TUN --key ~/.ssh/id_ed25519 --json"),
    "package": ("mismes package MDA", "mismes package JOR --with-data --out jor.zip"),
    "map": (
        "mismes map PHL",
        "mismes map PHL --json",
        "mismes map PHL --quiet < answers.txt",
    ),
    "new": (
        "mismes new JOR",
        "mismes new MDA2 --synthetic",
        "mismes new ARG --lfs eph.txt --separator ';' --decimal ,",
        (
            "mismes new CHL --lfs data/ene.csv.gz --mapping chile_ene --year 2020 --weights weight"
            " --strata strata --psu psu"
        ),
    ),
    "demo": ("mismes demo", "mismes demo MDA --seed 7 --out /tmp/other"),
    "lab": ("mismes lab", "mismes lab --port 8899 --no-browser", "mismes lab --quiet"),
    "inventory": (
        "mismes inventory due --on 2026-12-31",
        "mismes inventory site ARM --out reports/inventory.html",
    ),
    "inventory due": (
        "mismes inventory due",
        "mismes inventory due MDA --on 2026-12-31 --out register",
        "mismes inventory due measures.xlsx --json",
    ),
    "inventory import": (
        "mismes inventory import activities.xml --countries ARM,GEO --allocation percentage",
        "mismes inventory import projects.csv --mapping my.yaml --countries MDA --out coding.xlsx",
    ),
    "inventory site": (
        "mismes inventory site",
        "mismes inventory site ARM --on 2026-12-31 --language fr --reports reports",
        "mismes inventory site --evidence evidence.csv",
        "mismes inventory site measures.xlsx --out page.html",
    ),
    "inventory undo": (
        'mismes inventory undo --into data_raw/MDA --by AB --reason "sent by mistake"',
        'mismes inventory undo --into data_raw/MDA --by AB --reason "a draft" --on 2026-12-31',
    ),
    "inventory submit": (
        "mismes inventory submit template.xlsx --into data_raw/MDA/inventory.csv --dry-run",
        (
            "mismes inventory submit template.xlsx --into data_raw/MDA/inventory.csv --decisions"
            " template_decisions.csv"
        ),
    ),
    "completion": (
        'eval "$(mismes completion bash)"',
        "mismes completion fish > ~/.config/fish/completions/mismes.fish",
    ),
}


def epilog(name: str) -> str:
    """Examples of a command, as click prints them below its options."""
    lines = EXAMPLES.get(name, ())
    if not lines:
        return ""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
