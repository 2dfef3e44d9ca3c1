"""Labour force surveys with a migration module: mapping to GLD names, who is a migrant, indicators
L1 to L14, rounds, link check.
"""

from mismes_eval.lfs.absent import (
    LISTED,
    UNCOVERED,
    absent_members,
    among_absent,
    listed_as_rows,
)
from mismes_eval.lfs.areas import Areas, areas
from mismes_eval.lfs.breaks import check_breaks, series_breaks
from mismes_eval.lfs.carried import carried
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.lfs.definitions import PRESETS, Definition, as_definition
from mismes_eval.lfs.indicators import indicators
from mismes_eval.lfs.link import LinkCheck, link_check
from mismes_eval.lfs.mapping import Mapping, as_mapping, shipped
from mismes_eval.lfs.mapping_workbook import mapping_workbook, read_mapping
from mismes_eval.lfs.migrants import migration_status, needed
from mismes_eval.lfs.moves import took_part
from mismes_eval.lfs.persons import Ages, breakdown, has_breakdown
from mismes_eval.lfs.read import codebook, read
from mismes_eval.lfs.rounds import change, change_between, pool, stack_rounds
from mismes_eval.lfs.transitions import cells
from mismes_eval.lfs.translate import map_columns, unused_columns

__all__ = [
    "LISTED",
    "PRESETS",
    "UNCOVERED",
    "Ages",
    "Areas",
    "Definition",
    "LinkCheck",
    "Mapping",
    "absent_members",
    "among_absent",
    "areas",
    "as_definition",
    "as_mapping",
    "breakdown",
    "carried",
    "catalogue",
    "cells",
    "change",
    "change_between",
    "check_breaks",
    "codebook",
    "has_breakdown",
    "indicators",
    "link_check",
    "listed_as_rows",
    "map_columns",
    "mapping_workbook",
    "migration_status",
    "needed",
    "pool",
    "read",
    "read_mapping",
    "series_breaks",
    "shipped",
    "stack_rounds",
    "took_part",
    "unused_columns",
]
