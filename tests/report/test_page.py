"""The page says what the facts are: nothing of a name runs, and what is not known is not shown as fine."""

from __future__ import annotations

import contextlib
import copy
import re
from html.parser import HTMLParser

import pytest

from tests.helpers.support import Repo, clean_environment
from tests.report.conftest import World
from trinity_guard.lint.finding import ERROR, WARNING, Finding
from trinity_guard.report import facts, page
from trinity_guard.report.facts import Facts
from trinity_guard.report.lastchanges import LastChange

START = 1_600_000_000


def finding(rule: str = "TG001", path: bytes = b"a.csv", level: str = ERROR) -> Finding:
    return Finding(rule, path, f"what {rule} found", f"what helps {rule}", level=level)


def gathered(world: World) -> Facts:
    return facts.gather(world.place, offline=True)


def said(found: Facts) -> str:
    """Return the words of a page, without its tags."""
    body = page.build(found).partition("</style>")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


@pytest.fixture(scope="module")
def of_a_history(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """What is known of two versions in DVC and one in Git, forty days apart."""
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as back:
        home = tmp_path_factory.mktemp("grown")
        for name, value in clean_environment(home / "home").items():
            patch.setenv(name, value)
        repo = Repo.make(home / "plain", guarded=False)
        back.enter_context(contextlib.chdir(repo.path))
        world = World(repo)
        repo.stage("raw.csv", 2000)  # noise: packing makes it no smaller
        world.track("a.pkl", b"x" * 1000)
        world.commit(START)
        world.track("a.pkl", b"y" * 3000)
        world.commit(START + 40 * 86400)
        return gathered(world)


@pytest.fixture
def grown(of_a_history: Facts) -> Facts:
    """The same, for a test to change."""
    return copy.deepcopy(of_a_history)


class _Tags(HTMLParser):
    """The tags that a page leaves open, or closes without having opened them."""

    VOID = ("meta", "br", "line", "rect")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID or tag == "rect":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_its_tags_match(grown: Facts) -> None:
    grown.missing, grown.missing_past = [finding("TG003")], [finding("TG003", b"old.pkl")]
    tags = _Tags(page.build(grown))
    assert (tags.open, tags.wrong) == ([], [])


def test_the_head_says_what_and_when(grown: Facts) -> None:
    head = said(grown)
    assert f"{grown.name} 2 commits, 2020-09-13 to 2020-10-23, at {grown.head} on main" in head
    grown.branch, grown.history.odd, grown.history.last = "", 2, grown.history.first
    assert f"2 commits, 2020-09-13, at {grown.head} . {grown.made}. 2 commits have dates that cannot be" in said(grown)
    grown.history.odd = grown.history.commits = 1
    assert "1 commit has a date that cannot be" in said(grown)


def test_nothing_of_a_name_runs(grown: Facts) -> None:
    bad = '<script>alert("1")</script>'
    grown.name = grown.branch = bad
    grown.findings = [finding(path=bad.encode())]
    grown.unasked = bad
    grown.survey.waiting = [{"path": bad, "commit": bad, "size": 1}]
    grown.rows[0].path = bad.encode()
    text = page.build(grown)
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;") >= 6
    assert "default-src 'none'" in text


def test_a_name_that_is_no_text_is_shown_all_the_same(grown: Facts) -> None:
    grown.rows[0].path = b"\xff.csv"
    grown.survey.waiting = [{"path": "\udcff", "commit": "", "size": -1}]
    text = page.build(grown)
    assert "\\xff.csv" in text or "\\udcff.csv" in text
    text.encode()


def test_the_cards_count_what_there_is(grown: Facts) -> None:
    grown.findings = []
    cards = said(grown)
    assert "4 kB DVC holds, 3&nbsp;kB of it for HEAD" in cards
    assert "0 waiting for the remote ? missing on the remote 0 findings of lint" in cards
    grown.missing, grown.missing_past = [finding("TG003")], [finding("TG003"), finding("TG003")]
    grown.survey.waiting = [{"path": "a", "commit": "c", "size": 1}] * 1234
    assert "1,234 waiting for the remote 3 missing on the remote" in said(grown)


@pytest.mark.parametrize(
    ("missing", "past", "card"),
    [
        (None, None, '<b class="warn">?</b>'),
        ([], None, '<b class="warn">?</b>'),
        ([], [], '<b class="good">0</b>'),
        ([finding("TG003")], None, '<b class="bad">1</b>'),
        ([], [finding("TG003")], '<b class="bad">1</b>'),
    ],
)
def test_what_is_not_known_is_no_zero(
    grown: Facts, missing: list[Finding] | None, past: list[Finding] | None, card: str
) -> None:
    grown.missing, grown.missing_past = missing, past
    assert f"{card}<span>missing on the remote" in page.build(grown)


def test_what_is_missing_is_told_or_why_it_is_not_known(grown: Facts) -> None:
    assert "Whether the remote has everything is not known: it was not asked (--offline)" in said(grown)
    grown.missing, grown.unasked_past = [], "it fell silent"
    words = said(grown)
    assert "The remote has all 1 object that HEAD names." in words
    assert "Of what only older commits name it is not known: it fell silent" in words
    grown.missing_past = []
    assert "It has the 1 object too that only older commits name." in said(grown)
    grown.missing_past = [finding("TG003", b"old.pkl")]
    assert "1 object that only older commits name rule file what helps TG003 old.pkl" in said(grown)
    grown.current = {}
    assert "HEAD names no object." in said(grown)


def test_the_largest_come_first_and_the_others_are_counted(grown: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a.pkl DVC 2 3 kB 4 kB" in said(grown)
    assert "raw.csv Git 1 2 kB 2 kB" in said(grown)
    assert said(grown).index("a.pkl DVC") < said(grown).index("raw.csv Git")
    monkeypatch.setattr(page, "MAX_ROWS", 1)
    assert "And 1 more artifact." in said(grown)
    assert "raw.csv Git" not in said(grown)


def test_who_grows_is_told_by_the_month(grown: Facts) -> None:
    assert "Who keeps growing" in said(grown)
    assert "a.pkl 2.3 kB 2020-10-23" in said(grown)
    grown.rows = grown.rows[1:]
    assert "Who keeps growing" not in said(grown)


def test_findings_are_counted_by_rule_and_each_rule_is_shown(grown: Facts) -> None:
    grown.findings = [finding("TG001", b"%d.csv" % n) for n in range(20)] + [finding("TG004", level=WARNING)]
    words = said(grown)
    assert "TG001 20 times, TG004 once. trinity-guard lint --explain TG001 says more." in words
    assert "TG004 a.csv what TG004 found what helps TG004" in words
    assert "10.csv" in words
    assert "11.csv" not in words
    assert "And 9 more: trinity-guard lint --rev HEAD" in words


@pytest.mark.parametrize(("levels", "weight"), [([], "good"), ([WARNING], "warn"), ([WARNING, ERROR], "bad")])
def test_the_weight_of_findings_is_that_of_the_gravest(grown: Facts, levels: list[str], weight: str) -> None:
    grown.findings = [finding(level=level) for level in levels]
    assert f'<b class="{weight}">{len(levels)}</b><span>findings of lint' in page.build(grown)


def test_where_nothing_was_found_it_says_so(grown: Facts) -> None:
    grown.findings = []
    assert "Nothing was found." in said(grown)


def test_what_waits_is_told_with_the_command(grown: Facts) -> None:
    assert "Waiting for the remote" not in said(grown).replace("waiting for the remote", "")
    grown.survey.waiting = [
        {"path": "late.pkl.dvc", "commit": "c" * 40, "size": 5000},
        {"path": "x.dvc", "commit": "", "size": -1},
    ]
    words = said(grown)
    assert f"late.pkl.dvc 5 kB {'c' * 10} " in words
    assert "x.dvc ? " in words
    assert "trinity-guard push --pending" in words


def test_the_moral_is_what_dvc_saves_and_what_could_move(grown: Facts) -> None:
    assert "out of every clone." in said(grown)
    assert "trinity-guard migrate info --everything shows what would move." in said(grown)
    assert re.search(r"Every clone carries 2 kB of artifacts, \d\d % of Git's objects", said(grown))


def test_a_repository_without_artifacts_or_commits_has_a_page_too(world: World) -> None:
    words = said(gathered(world))
    assert "no commit yet" in words
    assert "There is no commit to look at." in words
    world.repo.stage("notes.txt")
    world.commit(START)
    assert "No artifact has ever been committed." in said(gathered(world))


def test_what_changed_last_is_told_and_what_is_not_known_with_the_command(grown: Facts) -> None:
    evil = LastChange(b"<b>.csv", START, ["changed, <i>", "  column <script>  1 cell"])
    lacking = LastChange(b"x.csv", START, why="not here", remedy="trinity-guard diff A B x.csv")
    grown.changes = [evil, lacking]
    told = said(grown)
    assert "&lt;b&gt;.csv 2020-09-13: changed, &lt;i&gt; column &lt;script&gt; 1 cell" in told
    assert "x.csv 2020-09-13, not looked into: not here. trinity-guard diff A B x.csv" in told
    grown.changes = []
    assert "changed last" not in said(grown)
