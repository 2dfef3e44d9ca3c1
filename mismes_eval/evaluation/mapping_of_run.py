"""The mapping workbook of a run with the office's file, for the terminal and the notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mismes_eval import frame as frames
from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import delivered, mended_by_key
from mismes_eval.frame.dataset import Dataset
from mismes_eval.lfs.mapping_draft import Draft, open_draft


def draft_of(params: Params) -> Draft:
    """The workbook that a run names, as far as it is filled; country and year are not asked for
    where the params say them.

    Raises
    ------
    ParamsError : the run names no workbook or no survey.
    InputError : they cannot be read.
    """
    known = ["countrycode", *(["year"] if params.year is not None else [])]
    return open_draft(_workbook(params), _delivered(params), known)


def _workbook(params: Params) -> Path:
    if params.mapping.workbook is None:
        raise ParamsError(
            Problem(
                what="these params name no mapping workbook",
                where=params.source,
                expected="mapping: {workbook: data_raw/ISO3/mapping.xlsx}",
                got=worded("none"),
                fix="Begin with `mismes new ISO3 --lfs FILE`, which writes it and names it.",
            )
        )
    return params.mapping.workbook


def _delivered(params: Params) -> Dataset:
    """The office's file as it was delivered."""
    path, written = params.inputs.lfs, params.reading
    if path is None:
        raise ParamsError(
            Problem("these params name no survey", params.source, "inputs.lfs: the office's file")
        )
    data = delivered(params, path)
    kept = data.frame.drop(
        columns=[column for column in written.drop if column in data.frame.columns]
    )
    with mended_by_key():
        return replace(data, frame=frames.identifiers(kept, written.allowed))
