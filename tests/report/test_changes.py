"""The page of what changed: what it says, that nothing of a cell runs, and how a browser sees it."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import screenshot
from tests.helpers.browser import chromium
from tests.helpers.support import clean_environment
from trinity_guard.dvcrepo.output import Output
from trinity_guard.report import changes
from trinity_guard.review import differ
from trinity_guard.review.engine import Engine
from trinity_guard.review.record import TABLE, Review
from trinity_guard.review.review import Reviews
from trinity_guard.review.sides import Change, Version

HOSTILE = "<script>document.title='ran'</script>\"'><img src=x>"


@pytest.fixture
def page(tmp_path: Path) -> str:
    found = Review(
        Change(Version(b"t.csv", Output(b"t.csv", size=1)), Version(b"t.csv", Output(b"t.csv", size=2))), TABLE
    )
    cell = HOSTILE.replace('"', '""')
    (tmp_path / "a.csv").write_text('id,x,"s"\n' + "".join(f"{n},{n},a\n" for n in range(50)))
    (tmp_path / "b.csv").write_text('id,x,"s"\n' + "".join(f'{n},{n * 2},"{cell}"\n' for n in range(50)))
    with Engine(os.fsencode(tmp_path)) as engine:
        one, other = (engine.load(os.fsencode(tmp_path / name), "csv") for name in ("a.csv", "b.csv"))
        found.table = differ.compare(engine, one, other)
    found.parameters = {HOSTILE: (1, HOSTILE)}
    return changes.build(Reviews([found], {"bad.dvc": HOSTILE}), "main and the work tree")


BOXES = """() => [...document.querySelectorAll('td code')].flatMap(cell => {
  const said = cell.textContent, box = (text) => {
    const node = cell.firstChild, at = said.indexOf(text), range = document.createRange();
    range.setStart(node, at); range.setEnd(node, at + text.length);
    return range.getBoundingClientRect();
  };
  return said.includes("→") ? [["תל אביב", "→", "ירושלים"].map(text => box(text).left)] : [];
})"""


def test_in_a_browser_the_arrow_points_from_old_to_new_in_any_script(tmp_path: Path) -> None:
    found = Review(Change(Version(b"m", Output(b"m", size=1)), Version(b"m", Output(b"m", size=1))), TABLE)
    found.parameters = {"עיר": ("תל אביב", "ירושלים")}
    (tmp_path / "p.html").write_text(changes.build(Reviews([found], {}), ""))
    with chromium() as browser:
        tab = browser.new_page()
        tab.goto((tmp_path / "p.html").as_uri())
        [[old, arrow, new]] = tab.evaluate(BOXES)
    assert old < arrow < new


def test_names_and_facts_have_room_beside_each_other_on_a_telephone(tmp_path: Path) -> None:
    found = Review(Change(Version(b"m", Output(b"m", size=1)), Version(b"m", Output(b"m", size=1))), TABLE)
    found.parameters = {"rate": (1, 2), "a_very_long_name_" * 4: ("some words " * 9, "other words " * 9)}
    (tmp_path / "p.html").write_text(changes.build(Reviews([found], {}), ""))
    with chromium() as browser:
        for width in (360, 1200):
            tab = browser.new_page(viewport={"width": width, "height": 700})
            tab.goto((tmp_path / "p.html").as_uri())
            name, fact = (tab.locator(f".changes tr:last-child {cell}").bounding_box() for cell in ("th", "td"))
            assert name is not None and fact is not None  # noqa: PT018
            assert min(name["width"], fact["width"]) > 0.3 * (name["width"] + fact["width"])
            assert tab.evaluate("document.documentElement.scrollWidth") == width


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: dict[str, int] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1


def test_the_page_has_facts_rows_and_distributions_and_nothing_of_a_cell_is_a_tag(page: str) -> None:
    seen = _Tags(page).seen
    assert not {"script", "img"} & seen.keys()
    assert (seen["svg"], seen["section"]) == (1, 1)
    assert "50 rows" in page
    assert 'aria-label="x from 0 to 98, in 10 parts of the same width: 20 % then 10 %' in page


def test_a_page_of_many_artifacts_lists_them_once() -> None:
    changes_ = [Change(None, Version(name, Output(name, size=1))) for name in (b"a.csv", b"b<.csv", b"c.csv", b"d.csv")]
    text = changes.build(Reviews([Review(change, TABLE) for change in changes_], {}), "a and b")
    assert '<nav aria-label="Artifacts that changed">' in text
    assert '<a href="#a1"><code>b&lt;.csv</code></a>' in text
    assert 'h2 id="a1"' in text
    assert "<nav" not in changes.build(Reviews([Review(changes_[0], TABLE)], {}), "a and b")


def test_a_page_about_nothing_says_so() -> None:
    assert "Nothing changed inside artifacts." in changes.build(Reviews([], {}), "a and b")


@pytest.mark.slow
def test_a_browser_runs_nothing_and_scrolls_in_no_width(page: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page)
    with chromium() as browser:
        for width, scheme in ((1200, "light"), (360, "dark")):
            tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
            tab.goto((tmp_path / "page.html").as_uri())
            assert tab.title() == changes.TITLE
            # Of many tables on a page a screen reader lists the names.
            assert tab.get_by_role("table", name=re.compile(r"^The first rows .*t\.csv$")).count() == 1
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == (
                "rgb(251, 251, 250)" if scheme == "light" else "rgb(20, 23, 26)"
            )
            tab.keyboard.press("Tab")
            assert tab.evaluate("document.activeElement.className") == "skip"
            tab.keyboard.press("Tab")
            assert tab.evaluate("document.activeElement.tagName") == "BODY"  # nothing else is to be stopped at


@pytest.mark.slow
def test_the_picture_of_the_docs_is_what_its_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the letters of another machine's fonts: its size, and that it shows a page."""
    monkeypatch.setattr("sys.argv", ["screenshot", str(tmp_path / "p.png")])
    for name in clean_environment(tmp_path / "home"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back at the end: the script sets its own
    screenshot.main()
    made, ours = (Image.open(file) for file in (tmp_path / "p.png", screenshot.PICTURE))
    assert made.size == ours.size == tuple(screenshot.SIZE.values())
    assert len(made.getcolors() or []) > 20
    assert screenshot.PICTURE.stat().st_size < 60_000
