"""Size and mode of images by their headers, against what Pillow says of the same files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from trinity_guard.review import images

CASES = [
    ("png", "1"), ("png", "L"), ("png", "LA"), ("png", "P"), ("png", "RGB"), ("png", "RGBA"), ("png", "I;16"),
    ("jpg", "L"), ("jpg", "RGB"), ("jpg", "CMYK"), ("gif", "P"), ("bmp", "1"), ("bmp", "L"), ("bmp", "RGB"),
    ("tiff", "1"), ("tiff", "L"), ("tiff", "LA"), ("tiff", "P"), ("tiff", "RGB"), ("tiff", "RGBA"), ("tiff", "CMYK"),
    ("tiff", "I;16"), ("webp", "RGB"), ("webp", "RGBA"),
]  # fmt: skip


def written(folder: Path, suffix: str, mode: str, **options: object) -> Path:
    file = folder / f"x.{suffix}"
    Image.new(mode, (321, 45)).save(file, **options)  # type: ignore[arg-type]
    return file


@pytest.mark.parametrize(("suffix", "mode"), CASES)
def test_an_image_has_the_size_and_mode_that_pillow_says(tmp_path: Path, suffix: str, mode: str) -> None:
    file = written(tmp_path, suffix, mode)
    with Image.open(file) as opened:
        expected = {"size": "{:,} x {:,}".format(*opened.size), "mode": opened.mode}
    if (suffix, mode) == ("bmp", "L"):
        expected["mode"] = "P"  # whether a palette is grey stands in the palette
    assert images.facts(os.fsencode(file)) == expected
    assert images.is_image(os.fsencode(file))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossless_webp_and_one_with_more_in_it(tmp_path: Path, mode: str) -> None:
    for options in ({"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}):
        file = written(tmp_path, "webp", mode, **options)
        assert images.facts(os.fsencode(file))["size"] == "321 x 45"


def test_a_progressive_jpeg_behind_a_long_segment(tmp_path: Path) -> None:
    file = written(tmp_path, "jpg", "RGB", progressive=True, comment=b"x" * 60_000)
    assert images.facts(os.fsencode(file)) == {"size": "321 x 45", "mode": "RGB"}


def test_a_tiff_of_the_other_byte_order(tmp_path: Path) -> None:
    file = tmp_path / "x.tif"
    tags = b"".join(
        number.to_bytes(2, "big") + b"\0\x03\0\0\0\x01" + value.to_bytes(2, "big") + b"\0\0"
        for number, value in ((256, 7), (257, 9), (258, 8), (262, 1))
    )
    file.write_bytes(b"MM\0*\0\0\0\x08\0\x04" + tags)
    assert images.facts(os.fsencode(file)) == {"size": "7 x 9", "mode": "L"}


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(mark=st.sampled_from([mark for mark, _ in images.READERS]), rest=st.binary(max_size=80))
def test_whatever_stands_behind_a_mark_ends_in_facts_or_in_none(tmp_path: Path, mark: bytes, rest: bytes) -> None:
    file = tmp_path / "x.png"
    file.write_bytes(mark + rest)
    assert set(images.facts(os.fsencode(file))) in (set(), {"size", "mode"})
