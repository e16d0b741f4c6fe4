"""`trinity-guard report`: the page says what is so, in a browser too, and holds nothing that runs."""

from __future__ import annotations

import struct
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.helpers.browser import chromium
from tests.helpers.support import Repo, made_once, run

KILO = 1000
ODD = "models/<b>bold & \"quoted\" 'é'.pkl"


def page_of(repo: Repo, *options: str) -> str:
    repo.guard("report", "--output", "../page.html", *options)
    return (repo.path.parent / "page.html").read_text()


class _Words(HTMLParser):
    """The text of a page, and what it would load or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loads: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag == "style"
        if tag in ("script", "link", "img", "iframe", "object"):
            self.loads.append(tag)
        self.loads += [f"{k}={v}" for k, v in attrs if k in ("src", "onload", "onclick", "style") or k == "href" != v]

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.words.append(data.strip())


def text_of(page: str) -> str:
    return " ".join(" ".join(_Words(page).words).split())


@pytest.fixture
@made_once
def grown(repo: Repo) -> Repo:
    """Versions in DVC, one raw in Git's history, a slipped one in HEAD, another that waits for the remote."""
    for size in (30, 60, 90):
        repo.stage("models/risk.pkl", size * KILO)
        repo.git("commit", "-q", "-m", f"{size}")
    repo.stage(ODD, 20 * KILO)
    repo.git("commit", "-q", "-m", "odd")
    repo.stage("raw.csv", 50 * KILO, raw=True)
    repo.git("commit", "-q", "--no-verify", "-m", "slipped")
    return repo


@pytest.mark.slow
def test_the_page_tells_what_git_and_dvc_hold(grown: Repo) -> None:
    before = grown.git("status", "--porcelain").stdout
    said = text_of(page_of(grown))
    assert "6 commits" in said
    assert "models/risk.pkl DVC 3 90 kB 180 kB" in said
    assert "raw.csv Git 1 50 kB 50 kB" in said
    assert "TG001" in said
    assert "trinity-guard convert raw.csv" in said
    assert ODD in said
    assert "The remote has all 2 objects that HEAD names." in said
    assert grown.git("status", "--porcelain").stdout == before


@pytest.mark.slow
def test_nothing_of_it_runs_or_is_fetched_whatever_the_names_are(grown: Repo) -> None:
    page = page_of(grown)
    parsed = _Words(page)
    assert [load for load in parsed.loads if not load.startswith("href=#")] == []
    assert "<b>bold" not in page
    assert "default-src 'none'" in page


@pytest.mark.slow
def test_what_the_remote_lacks_and_what_was_not_asked_are_told_apart(grown: Repo) -> None:
    assert "is not known: it was not asked (--offline)" in text_of(page_of(grown, "--offline"))
    [storage] = [p for p in grown.path.parent.iterdir() if p.is_dir() and (p / "files").is_dir()]
    md5 = next(line for line in grown.file("models/risk.pkl.dvc").read_text().splitlines() if "md5: " in line)[-32:]
    (storage / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    said = text_of(page_of(grown))
    assert f"its object {md5} is not on the remote" in said
    # A place that nobody has agreed to.
    config = grown.file(".dvc/config")
    config.write_text(config.read_text().replace(str(storage), "http://127.0.0.1:1/x"))
    said = text_of(page_of(grown))
    assert "Whether the remote has everything is not known" in said
    assert "The remote has all" not in said


@pytest.mark.slow
def test_a_rule_that_is_broken_often_hides_no_other_one(repo: Repo) -> None:
    for number in range(20):
        repo.stage(f"{number}.csv", b"a,b\n")
    repo.stage("broken.dvc", b"outs: [")
    repo.commit("--no-verify")
    said = text_of(page_of(repo, "--offline"))
    assert "TG005 broken.dvc" in said
    assert "And 9 more: trinity-guard lint --rev HEAD" in said


@pytest.mark.slow
def test_more_of_what_is_missing_is_told_by_the_command_that_asks_for_it(repo: Repo) -> None:
    for number in range(14):
        repo.stage(f"{number}.csv", f"{number}\n".encode())
    repo.commit()
    for file in [p for p in repo.storage.rglob("*") if p.is_file()]:
        file.unlink()
    said = text_of(page_of(repo))
    command = "trinity-guard lint --rev HEAD --remote --rules TG003"
    assert f"And 2 more: {command}" in said
    assert repo.guard(*command.split()[1:], ok=False).stdout.count(b"TG003") == 14


@pytest.mark.slow
def test_what_older_commits_name_is_asked_for_too(grown: Repo) -> None:
    assert "It has the 2 objects too that only older commits name." in text_of(page_of(grown))
    old = grown.git("show", "HEAD~3:models/risk.pkl.dvc").stdout.decode()
    md5 = next(line for line in old.splitlines() if "md5: " in line)[-32:]
    lost = grown.storage / "files" / "md5" / md5[:2] / md5[2:]
    lost.rename(grown.storage / "lost")
    said = text_of(page_of(grown))
    assert "The remote has all 2 objects that HEAD names." in said
    assert f"only older commits name TG003 models/risk.pkl.dvc its object {md5} is not on the remote" in said.replace(
        " rule file what helps", ""
    )
    assert "1 missing on the remote" in said
    command = said.partition("nobody else can fetch it ")[2].partition("     #")[0].partition(" #")[0]
    assert command.startswith("trinity-guard push ")
    grown.guard(*command.split()[1:])
    assert lost.exists()


@pytest.mark.slow
def test_what_waits_for_the_remote_is_there_with_the_command(grown: Repo) -> None:
    grown.stage("late.pkl", 5 * KILO)
    grown.git("commit", "-q", "-m", "late", TRINITY_GUARD_SKIP="push")
    assert "late.pkl" in text_of(page_of(grown))
    [storage] = [p for p in grown.path.parent.iterdir() if p.is_dir() and (p / "files").is_dir()]
    storage.rename(storage.with_name("away"))
    storage.write_text("no folder")
    grown.stage("later.pkl", 5 * KILO)
    grown.git("commit", "-q", "-m", "later", ok=False)
    said = text_of(page_of(grown, "--offline"))
    assert "later.pkl.dvc 5 kB" in said
    assert "trinity-guard push --pending" in said


def test_a_migrated_history_shows_what_left_git(repo: Repo) -> None:
    repo.stage("m.pkl", 200 * KILO, raw=True)
    repo.git("commit", "-q", "--no-verify", "-m", "raw")
    assert "Every clone carries 20" in text_of(page_of(repo))
    repo.guard("migrate", "run", "--everything", "--yes", "--push")
    said = text_of(page_of(repo))
    assert "DVC keeps 200 kB out of every clone." in said
    assert "Every clone carries" not in said


def test_what_a_pipeline_leaves_to_git_is_no_artifact_of_the_page_and_a_wrong_clock_no_bug(bare_repo: Repo) -> None:
    bare_repo.stage("plots/roc.csv", b"a,b\n")
    bare_repo.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - plots/roc.csv:\n        cache: false\n")
    bare_repo.commit()
    assert "No artifact has ever been committed." in text_of(page_of(bare_repo))
    commit = bare_repo.git("cat-file", "commit", "HEAD").stdout
    head, _, rest = commit.partition(b"\ncommitter ")
    odd = head + b"\ncommitter C <c@example.com> 99999999999999999999 +0000\n" + rest.partition(b"\n")[2]
    bare_repo.write("../odd", odd)
    made = bare_repo.git("hash-object", "-t", "commit", "-w", "--literally", "../odd").stdout.decode().strip()
    bare_repo.git("update-ref", "refs/heads/odd", made)
    assert "1 commit has a date that cannot be" in text_of(page_of(bare_repo))


@pytest.mark.parametrize("kind", ["no commit", "no DVC", "worktree"])
def test_it_works_in_any_repository(tmp_path: Path, kind: str) -> None:
    repo = Repo.make(tmp_path / "work", guarded=kind == "worktree")
    if kind == "no DVC":
        repo.stage("a.py", b"1\n")
        repo.git("commit", "-q", "-m", "code")
    if kind == "worktree":
        repo.git("worktree", "add", "-q", "../linked")
        repo = Repo(tmp_path / "linked")
    said = text_of(page_of(repo))
    assert ("no commit yet" in said) == (kind == "no commit")
    assert "No artifact has ever been committed." in said or kind == "no commit"


def test_a_partial_clone_is_refused_until_it_is_whole(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    for text in (b"1\n", b"2\n"):
        repo.stage("a.py", text)
        repo.git("commit", "-q", "-m", "code")
    run("git", "clone", "-q", "--filter=blob:none", repo.path.as_uri(), tmp_path / "partial")
    clone = Repo(tmp_path / "partial")
    done = clone.guard("report", "--offline", ok=False)
    assert (done.returncode, b"partial clone" in done.stderr) == (2, True)
    (remedy,) = [line.strip() for line in done.stderr.decode().splitlines() if "--refetch" in line]
    assert run("bash", "-c", remedy, cwd=clone.path).returncode == 0
    clone.guard("report", "--offline")


def test_where_it_cannot_look_it_says_why(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.py", b"1\n")
    repo.git("commit", "-q", "-m", "two")
    run("git", "clone", "-q", "--depth", "1", repo.path.as_uri(), tmp_path / "shallow")
    shallow = Repo(tmp_path / "shallow").guard("report", ok=False)
    assert (shallow.returncode, b"--unshallow" in shallow.stderr) == (2, True)
    run("git", "clone", "-q", "--bare", repo.path, tmp_path / "bare.git")
    bare = Repo(tmp_path / "bare.git").guard("report", ok=False)
    assert (bare.returncode, b"bare" in bare.stderr) == (2, True)
    blob = repo.git("rev-parse", "HEAD:a.py").stdout.decode().strip()
    damaged = repo.path / ".git" / "objects" / blob[:2] / blob[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(b"no object")
    broken = repo.guard("report", ok=False)
    assert broken.returncode == 2
    assert b"Traceback" not in broken.stderr
    assert not (repo.path / "trinity-guard-report.html").exists()


def pixels(png: bytes) -> set[bytes]:
    """Return the colours of a PNG's rows (RGB or RGBA, 8 bits; rows as filtered: enough to tell a blank one)."""
    at, packed, width, channels = 8, b"", 0, 3
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, channels = struct.unpack(">I", body[:4])[0], 4 if body[9] == 6 else 3
        packed += body if kind == b"IDAT" else b""
        at += 12 + size
    raw = zlib.decompress(packed)
    step = 1 + width * channels
    return {raw[i + 1 : i + step] for i in range(0, len(raw), step)}


def contrast(page: Page, what: str) -> float:
    """Return the contrast of an element's text against the page behind it (WCAG 2.1, 1 to 21)."""
    script = """what => {
      const parse = c => c.match(/[0-9.]+/g).map(Number);
      const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
      const element = document.querySelector(what);
      let back = element;
      while (parse(getComputedStyle(back).backgroundColor)[3] === 0) back = back.parentElement;
      const pair = [getComputedStyle(element).color, getComputedStyle(back).backgroundColor].map(c => light(parse(c)));
      return (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    }"""
    return float(page.evaluate(script, what))


def change_a_table(grown: Repo) -> None:
    for rent in (30, 60):
        rows = b"".join(b"%d,%d,Rome\n" % (n, n * rent) for n in range(60))
        grown.stage("data/flats.csv", b"id,rent,a-column-with-a-name-that-is-as-long-as-a-line-of-a-phone\n" + rows)
        grown.git("commit", "-q", "-m", "flats")


@pytest.mark.slow
def test_a_browser_draws_it_in_light_and_dark_by_keyboard_and_on_paper(grown: Repo, tmp_path: Path) -> None:
    change_a_table(grown)
    page_of(grown)
    said: list[str] = []
    with chromium() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme=scheme)
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("requestfailed", lambda request: said.append(request.url))
            page.goto((tmp_path / "page.html").as_uri())
            assert page.locator("h1").inner_text() == "work"
            chart = page.locator("section[aria-labelledby=time] svg.chart")
            box = chart.bounding_box()
            assert box is not None
            assert box["width"] > 500
            for line in chart.locator("polyline").all():
                assert (line.bounding_box() or {"width": 0})["width"] > 300
                assert line.evaluate("e => getComputedStyle(e).stroke") != "none"
            assert page.locator("text=models/risk.pkl").first.is_visible()
            last = page.locator("section[aria-labelledby=changes] pre").first
            assert "column rent  59 cells" in last.inner_text()
            assert last.get_attribute("tabindex") == "0"
            for what in (
                "pre.wrapped",
                ".soft",
                ".cards b.bad",
                ".cards b.good",
                ".tag.DVC",
                ".tag.Git",
                "caption",
                "summary",
            ):
                assert contrast(page, what) >= 4.5, (scheme, what)
            page.screenshot(path=str(tmp_path / f"{scheme}.png"), full_page=True)
        assert page.locator("details p, details table").first.is_visible() is False
        for number in page.locator(".cards b").all():  # also of hundreds of megabytes, on one line
            number.evaluate("e => { e.textContent = '888.8 MB' }")
            assert number.evaluate("e => e.scrollWidth <= e.clientWidth && e.clientHeight < 40")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator("details table").is_visible()
        # What a voice would read: each picture says in words what it shows.
        for picture in page.locator("svg[role=img]").all():
            assert len(picture.get_attribute("aria-label") or "") > 10
        for head in page.locator("th").all():
            assert head.get_attribute("scope") in ("col", "row")
            assert head.text_content()
        for table in page.locator("table").all():
            label = table.get_attribute("aria-labelledby")
            assert page.locator(f"#{label}").text_content()
            if "findings" not in (table.get_attribute("class") or ""):
                assert table.locator("tbody tr").count() == table.locator("tbody th[scope=row]").count()
        narrow = browser.new_page(viewport={"width": 380, "height": 800})
        narrow.goto((tmp_path / "page.html").as_uri())
        assert narrow.evaluate("document.documentElement.scrollWidth") <= 380
        assert narrow.locator(".tick").first.evaluate("e => e.getBoundingClientRect().height") > 9
        paper = page.pdf()
        # On paper there is no mouse: nothing is folded, nothing runs off the edge, and ink is dark.
        sheet = browser.new_page(viewport={"width": 718, "height": 1000}, color_scheme="dark")
        sheet.goto((tmp_path / "page.html").as_uri())
        sheet.emulate_media(media="print")
        assert sheet.locator("details table").is_visible()
        for panel in sheet.locator(".scroll").all():
            assert panel.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
        assert sheet.evaluate("getComputedStyle(document.body).color") == "rgb(28, 32, 36)"
    assert said == []
    assert len(pixels((tmp_path / "light.png").read_bytes())) > 100
    assert (tmp_path / "light.png").read_bytes() != (tmp_path / "dark.png").read_bytes()
    assert paper.startswith(b"%PDF")
