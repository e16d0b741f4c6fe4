"""The page's look names nothing outside of itself, and knows each class that the page and its charts give."""

from __future__ import annotations

import re

from tests.report.conftest import World
from trinity_guard.report import facts, page
from trinity_guard.report.looks import STYLE

# A class by which the page is told apart by a reader of its source, and that needs no look of its own.
PLAIN = {"file"}


def test_nothing_is_fetched_or_run_by_it() -> None:
    assert not re.search(r"url\(|@import|@font-face|expression\(|</", STYLE)


def test_its_brackets_match() -> None:
    depth = 0
    for char in STYLE:
        depth += {"{": 1, "}": -1}.get(char, 0)
        assert 0 <= depth <= 2
    assert depth == 0


def test_every_colour_has_a_value_in_light_and_in_dark() -> None:
    light, _, dark = STYLE.partition("@media screen and (prefers-color-scheme: dark)")
    used = set(re.findall(r"var\(--(\w+)\)", STYLE))
    assert used == set(re.findall(r"--(\w+):", light))
    assert used == set(re.findall(r"--(\w+):", dark.partition("} }")[0]))


def test_each_class_of_the_page_has_a_look(world: World) -> None:
    for number in range(2):
        world.repo.stage("raw.csv", b"a,b\n" * (number + 1))
        world.track("a.csv", b"x" * (number + 1), pushed=False)
        world.commit(1_600_000_000 + number * 40 * 86400)
    text = page.build(facts.gather(world.place, offline=False))
    body = text.partition("</style>")[2]
    given = set(" ".join(re.findall(r'class="?([^">]+)', body)).split())
    assert {"cards", "findings", "tag", "Git", "DVC", "fill", "line", "n", "path"} <= given
    assert [name for name in given - PLAIN if f".{name}" not in STYLE] == []
