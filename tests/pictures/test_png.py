"""The file of a picture holds its pixels."""

import io

import numpy as np
from PIL import Image

from mismes_eval.pictures.png import png_of


def test_a_picture_is_read_back_as_it_was_drawn() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (7, 13, 4), dtype=np.uint8)
    pixels[:, :, 3] = 255
    made = png_of(pixels, 150)
    with Image.open(io.BytesIO(made)) as read:
        read.verify()
    with Image.open(io.BytesIO(made)) as read:
        assert (read.mode, read.size) == ("RGB", (13, 7))
        assert round(read.info["dpi"][0]) == 150
        assert np.array_equal(np.asarray(read), pixels[:, :, :3])
