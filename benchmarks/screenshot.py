"""Makes the picture of docs/review.md: `python -m benchmarks.screenshot [FILE]`, with a Chromium on the PATH.

A repository in which a table and a model changed, `trinity-guard diff --format html` of it, and what a browser shows.
"""

from __future__ import annotations

import io
import os
import pickle
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.measuring import BIN, repository, sh
from tests.helpers.browser import chromium
from tests.helpers.support import PROJECT, clean_environment

PICTURE = PROJECT / "docs" / "review.png"
SIZE = {"width": 860, "height": 1010}
COLOURS = 96  # enough for flat areas, tags and the edges of letters; a third of the bytes
CITIES = ("Berlin", "Paris", "Rome", "Oslo", "Wien")


def table(seed: int, rise: float) -> str:
    """Return flats of which the second version has some more, some less, and higher rents in one city."""
    chance = random.Random(7)
    rows = []
    for number in range(400):
        city, rooms, area = chance.choice(CITIES), chance.randint(1, 5), chance.gauss(70, 18)
        rent = round(area * 11 + rooms * 60 + (rise if city == "Rome" else 0))
        if number % 97 != seed:
            rows.append(f"{number},{city},{rooms},{area:.1f},{rent}")
    return "\n".join(["id,city,rooms,area,rent", *rows]) + "\n"


def changed(folder: Path) -> Path:
    """Return a repository whose last commit changed a table and a model."""
    repo = repository(folder / "flats", guarded=True)
    for seed, rise, depth in ((1, 0.0, 8), (2, 180.0, 10)):
        (repo / "data").mkdir(exist_ok=True)
        (repo / "models").mkdir(exist_ok=True)
        (repo / "data" / "flats.csv").write_text(table(seed, rise))
        model = {"model": "forest", "max_depth": depth, "trees": 100, "rate": 0.1}
        (repo / "models" / "rent.pkl").write_bytes(pickle.dumps(model))
        sh(BIN / "trinity-guard", "add", "data", "models", cwd=repo)
        sh("git", "commit", "-q", "-m", f"depth {depth}", cwd=repo)
    return repo


def picture(page: str, folder: Path) -> bytes:
    """Return what a browser shows of a page, as a PNG of few colours."""
    file = folder / "page.html"
    file.write_text(page)
    with chromium() as browser:
        tab = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        tab.goto(file.as_uri())
        shot = tab.screenshot(animations="disabled")
    out = io.BytesIO()
    with Image.open(io.BytesIO(shot)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory() as room:
        os.environ.update(clean_environment(Path(room) / "home"))
        repo = changed(Path(room))
        argv = [str(BIN / "trinity-guard"), "diff", "HEAD~", "HEAD", "--format", "html", "--rows", "2"]
        page = subprocess.run(argv, cwd=repo, check=True, capture_output=True).stdout.decode()
        target.write_bytes(picture(page, Path(room)))


if __name__ == "__main__":
    main()
