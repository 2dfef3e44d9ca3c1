"""What a reader hands on: the frame with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from mismes_eval.frame.number_formats import Sign


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file as read.

    frame : every row of the file.
    name : file name without folder.
    sha256 : of the file's bytes.
    rows : rows of the file.
    labels : column -> label.
    value_labels : column -> {code: label}, from Stata and SPSS.
    template : the template it was validated against.
    extra : columns that the template does not know (kept).
    signs : numbers of a workbook that are shown with a sign which their value does not say.
    """

    frame: pd.DataFrame
    name: str
    sha256: str
    rows: int
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[object, str]] = field(default_factory=dict)
    template: str = ""
    extra: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()
