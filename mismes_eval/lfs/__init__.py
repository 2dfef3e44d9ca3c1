"""Labour force surveys with a migration module: mapping to GLD names, who is a migrant, indicators L1 to L14, rounds, link check."""

from mismes_eval.lfs.indicators import indicators
from mismes_eval.lfs.mapping import Mapping, as_mapping, shipped
from mismes_eval.lfs.migrants import PRESETS, Definition, as_definition, migration_status
from mismes_eval.lfs.persons import Ages, breakdown
from mismes_eval.lfs.read import codebook, read
from mismes_eval.lfs.translate import map_columns, unused_columns

__all__ = [
    "PRESETS", "Ages", "Definition", "Mapping", "as_definition", "as_mapping", "breakdown", "codebook", "indicators", "map_columns", "migration_status", "read", "shipped",
    "unused_columns",
]  # fmt: skip
