"""The picture of a portfolio: every stage in words, every model, the count in each cell."""

from pathlib import Path

import matplotlib.pyplot as plt

from mismes_eval import inventory


def test_every_cell_of_the_matrix_shows_its_count(root: Path) -> None:
    profile = inventory.read(root / "data_raw" / "MDA" / "inventory.csv").profile()
    ax = profile.plot()
    expected = ["Before migration", "During migration", "After migration", "Multi-dimensional"]
    assert [t.get_text() for t in ax.get_yticklabels()] == expected
    assert [t.get_text() for t in ax.get_xticklabels()] == list(profile.matrix_n.columns)
    assert [int(t.get_text()) for t in ax.texts] == profile.matrix_n.to_numpy().ravel().astype(
        int
    ).tolist()
    plt.close("all")
