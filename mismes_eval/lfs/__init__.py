"""Labour force surveys with a migration module: mapping to GLD names, who is a migrant, indicators L1 to L14, rounds, link check."""

from mismes_eval.lfs.indicators import indicators
from mismes_eval.lfs.mapping import Mapping, as_mapping, map_columns, shipped, unused_columns
from mismes_eval.lfs.migrants import PRESETS, Definition, as_definition, migration_status
from mismes_eval.lfs.persons import Ages, breakdown

__all__ = [
    "PRESETS",
    "Ages",
    "Definition",
    "Mapping",
    "as_definition",
    "as_mapping",
    "breakdown",
    "indicators",
    "map_columns",
    "migration_status",
    "shipped",
    "unused_columns",
]
