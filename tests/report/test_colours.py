"""Property: the colours of the figures stand out from their ground, are told apart with normal
sight and without one kind of cones (Machado, Oliveira and Fernandes 2009), and every series has a
marker of its own; the name of an axis lies in its picture, however long it is.
"""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import mismes_eval
from mismes_eval.frame.codes import labels
from mismes_eval.pictures.style import PALETTE, RED, SKY
from mismes_eval.report.document.language import language
from mismes_eval.report.document.page import STYLE
from mismes_eval.report.figures import MARKERS, Caption, canvas, colours_of, finish

SIGHT = {
    "normal": np.eye(3),
    "without red cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "without green cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "without blue cones": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear rgb."""
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ np.clip(rgb, 0, 1)
        / np.array([0.9505, 1.0, 1.089])
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", list(SIGHT))
def test_colours_are_told_apart(sight: str) -> None:
    seen = [lab(SIGHT[sight] @ linear(c)) for c in PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


@pytest.mark.parametrize("colour", [*PALETTE, RED])
def test_a_colour_stands_out_from_what_it_lies_on(colour: str) -> None:
    """At least 3:1 (WCAG 2.2, 1.4.11) against white, which pictures lie on in the dark too."""
    luminance = float(linear(colour) @ [0.2126, 0.7152, 0.0722])
    assert 1.05 / (luminance + 0.05) >= 3
    dark = STYLE.partition("prefers-color-scheme: dark")[2].partition("\n")[0]
    assert "figure img, .spark { background: #fff;" in dark


def test_every_series_has_a_marker_of_its_own() -> None:
    assert len(set(MARKERS)) == len(MARKERS) >= len(PALETTE)


def test_series_have_their_colours_by_what_they_mean_in_every_picture() -> None:
    """No picture counts through the palette by itself; stages are the same in every language."""
    package = Path(mismes_eval.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\bPALETTE\b", path.read_text(encoding="utf-8"))
    }
    assert users == {"pictures/style.py"}
    stages = {code: list(labels("stages", code).values()) for code in ("en", "fr", "ro")}
    chosen = {code: colours_of(names, language(code)) for code, names in stages.items()}
    assert chosen["en"] == chosen["fr"] == chosen["ro"] and len(set(chosen["en"])) == 4
    assert colours_of([stages["fr"][2]], language("fr")) == [SKY]


def test_the_name_of_an_axis_lies_in_the_picture_however_long_it_is() -> None:
    fig, ax = canvas(4.0, 3.0)
    ax.plot([0, 1], [0, 1])
    ax.set(xlabel="as many words as a language needs " * 4, ylabel="and as many upwards " * 4)
    finish(Caption("F01", "A line"), fig, "A line that rises", pd.DataFrame({"x": [0, 1]}))
    for axis in (ax.xaxis, ax.yaxis):
        box = axis.label.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= fig.bbox.width and box.y1 <= fig.bbox.height
