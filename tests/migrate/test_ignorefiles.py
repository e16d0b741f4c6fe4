"""What is added to .gitignore files, and that Git and the real DVC then see what they should."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.support import dvc, run
from tests.migrate.legacy import OF_DVC, Legacy, md5, pointer_of
from trinity_guard.errors import GuardError
from trinity_guard.migrate.ignorefiles import GITIGNORE, Reader, lines_of

# --- 8


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"/a.pkl\n"),
        (b"x", b"x\n/a.pkl\n"),
        (b"x\r\ny\r\n", b"x\r\ny\r\n/a.pkl\n"),
        (b"\xef\xbb\xbfx\n", b"\xef\xbb\xbfx\n/a.pkl\n"),
        (b"\xff\xfe\n\n\n", b"\xff\xfe\n\n\n/a.pkl\n"),
        (b"/a.pkl\n", b"/a.pkl\n"),
        (b"*.pkl\n", b"*.pkl\n"),
        (b"*.pkl\n!a.pkl\n", b"*.pkl\n!a.pkl\n/a.pkl\n"),
        (b"*.pkl*\n", b"*.pkl*\n!*.dvc\n"),
        (b"*.dvc\n", b"*.dvc\n!*.dvc\n/a.pkl\n"),
        (b"build/\n", b"build/\n/a.pkl\n"),
    ],
)
def test_lines_are_added_behind_what_is_there(legacy: Legacy, before: bytes, after: bytes) -> None:
    old = legacy.commit({".gitignore": before, "a.pkl": b"data"})
    done = legacy.migrate()
    assert done.files(old)[".gitignore"] == ("100644", after)


def test_the_mode_of_an_ignore_file_and_those_of_other_folders_stay(legacy: Legacy) -> None:
    files = {"m/.gitignore": ("100755", b"x\n"), "other/.gitignore": b"y", "m/a.pkl": b"1", "other/z": b""}
    old = legacy.commit(files)
    done = legacy.migrate()
    assert done.files(old)["m/.gitignore"] == ("100755", b"x\n/a.pkl\n")
    assert done.files(old)["other/.gitignore"] == ("100644", b"y")
    assert ".gitignore" not in done.files(old)


def test_an_ignore_file_that_is_a_folder_keeps_what_dvc_would_stop_at(legacy: Legacy) -> None:
    legacy.commit({"m/.gitignore/x": b"", "m/a.pkl": b"1", "b.pkl": b"2"})
    mended = legacy.commit({"m/a.pkl": b"1", "b.pkl": b"2"})
    done = legacy.migrate()
    assert {"m/a.pkl.dvc", "b.pkl.dvc"} <= done.files(mended).keys()
    assert {why.partition(": ")[2] for why in done.stays().values()} == {
        "m/.gitignore: it is no file of its own (a folder, or a symlink), and DVC reads it as one"
    }


def test_an_ignore_file_that_is_a_link_stops_it(legacy: Legacy) -> None:
    old = legacy.commit({"m/.gitignore": ("120000", b"elsewhere"), "m/a.pkl": b"1", "b.pkl": b"2"})
    before = legacy.refs()
    with pytest.raises(GuardError) as caught:
        legacy.migrate()
    assert "m/.gitignore" in caught.value.problem
    assert legacy.refs() == before
    # The way on that it names works.
    assert "--exclude '/m/'" in caught.value.remedy
    done = legacy.migrate(exclude=("/m/",))
    assert "b.pkl.dvc" in done.files(old)
    assert done.files(old)["m/a.pkl"] == ("100644", b"1")


@pytest.mark.parametrize(
    "rules",
    [
        {".gitignore": b"data/\n"},
        {".gitignore": b"data\n"},
        {".gitignore": b"/data/*\n"},
        {".gitignore": b"*.csv*\n"},
        {".gitignore": b"*.dvc\n"},
        {".gitignore": b"data/\n", "data/.gitignore": b"raw/\n*.csv\n"},
        {"data/.gitignore": b"*\n"},
        {".gitignore": b"*\n!*/\n!.gitignore\n"},
        {".gitignore": b"d*a/**\n"},
        {".gitignore": b"/data/raw/*\n!/data/raw/y.csv\n"},
        {"data/.gitignore": b"/raw/**\n"},
    ],
)
def test_a_pointer_that_a_rule_hid_is_seen_by_git_and_by_dvc(worked: Legacy, rules: dict[str, bytes]) -> None:
    worked.commit({**rules, "data/raw/x.csv": b"data", "z.txt": b"z"})
    worked.checkout()
    (worked.path / "data" / "raw" / "scratch.txt").write_bytes(b"")
    (worked.path / "data" / "raw" / "y.csv").write_bytes(b"")
    ignored_before = set(_ignored(worked, "data/raw/scratch.txt", "data/raw/y.csv"))
    done = worked.migrate()
    name = "data/raw/x.csv"
    assert _ignored(worked, name + ".dvc", name) == [name]
    # What was ignored still is, and what was not still is not.
    assert set(_ignored(worked, "data/raw/scratch.txt", "data/raw/y.csv")) == ignored_before
    (worked.path / name).unlink()
    dvc("checkout", "-q", cwd=worked.path)
    assert (worked.path / name).read_bytes() == b"data"
    assert worked.git("status", "--porcelain", "-uno") == b""
    assert len(done.ids) == 1


def _ignored(legacy: Legacy, *names: str) -> list[str]:
    data = b"".join(n.encode() + b"\0" for n in names)
    done = run("git", "check-ignore", "--no-index", "-z", "--stdin", cwd=legacy.path, data=data, ok=False)
    return [n.decode() for n in done.stdout.split(b"\0")[:-1]]


def test_a_file_that_dvcignore_hides_stays_and_is_told(legacy: Legacy) -> None:
    old = legacy.commit({".dvcignore": b"m/\n", "m/a.pkl": b"1", "b.pkl": b"2"})
    done = legacy.migrate()
    assert done.files(old)["m/a.pkl"] == ("100644", b"1")
    assert "b.pkl.dvc" in done.files(old)
    assert ".dvcignore" in done.stays()["m/a.pkl"]
    assert done.files(old)[".dvcignore"][1] == b"m/\n"


NAMES = st.sampled_from(["a", "b", "a.csv", "d.dvc", "x y"])
PATTERN = st.lists(
    st.sampled_from(["a", "b", "*", "**", "a.csv", "*.csv", "?", "d.dvc", "*.dvc"]), min_size=1, max_size=3
)


@st.composite
def ignore_lines(draw: st.DrawFn) -> str:
    text = "/".join(draw(PATTERN))
    return draw(st.sampled_from(["", "!"])) + draw(st.sampled_from(["", "/"])) + text + draw(st.sampled_from(["", "/"]))


@settings(max_examples=60, deadline=None)
@given(
    top=st.lists(ignore_lines(), max_size=4),
    inner=st.lists(ignore_lines(), max_size=3),
    paths=st.lists(st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=6),
)
def test_rules_are_read_as_git_reads_them(
    tmp_path_factory: pytest.TempPathFactory, top: list[str], inner: list[str], paths: list[list[str]]
) -> None:
    room = tmp_path_factory.mktemp("ignore")
    run("git", "init", "-q", room)
    (room / "a").mkdir()
    texts = {"": "\n".join(top), "a/": "\n".join(inner)}
    for folder, text in texts.items():
        (room / folder / ".gitignore").write_text(text)
    names = ["/".join(p) for p in paths if p != ["a"]]  # that one is a folder
    data = b"".join(n.encode() + b"\0" for n in names)
    out = run("git", "check-ignore", "--no-index", "-z", "--stdin", cwd=room, data=data, ok=False).stdout
    expected = {n.decode() for n in out.split(b"\0")[:-1]}
    chain = tuple((f.encode(), GITIGNORE, line) for f, text in texts.items() for line in lines_of(text.encode()))
    reader = Reader([n.encode() for n in names])
    ours = {n for n in names if reader.hidden_folders(chain, _folder(n)) or reader.hides(chain, n.encode())}
    assert ours == expected


def _folder(name: str) -> bytes:
    head, slash, _ = name.rpartition("/")
    return (head + slash).encode()


# --- 9


def test_dvcs_own_files_begin_with_the_first_commit_that_needs_them_and_stay(legacy: Legacy) -> None:
    before = legacy.commit({"a.py": b"1"})
    first = legacy.commit({"a.py": b"1", "a.pkl": b"x"})
    gone = legacy.commit({"a.py": b"1"})
    beside = legacy.commit({"b.py": b"1"}, parents=[before], branch="side")
    merged = legacy.commit({"a.py": b"1", "b.py": b"1"}, parents=[beside, gone])
    done = legacy.migrate()
    assert done.ids[before] == before
    assert done.ids[beside] == beside
    assert set(done.files(first)) == {"a.py", "a.pkl.dvc", ".gitignore", *OF_DVC}
    assert set(done.files(gone)) == {"a.py", *OF_DVC}
    assert set(done.files(merged)) == {"a.py", "b.py", *OF_DVC}


def test_a_project_of_the_users_own_takes_over_and_its_end_is_its_end(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"x"})
    own = legacy.commit({"a.py": b"1", ".dvc/config": b""})
    ended = legacy.commit({"a.py": b"1"})
    done = legacy.migrate()
    assert done.files(own) == legacy.files(own)
    assert done.files(ended) == legacy.files(ended)


def test_a_commit_without_artifacts_leaves_nothing_of_dvcs_for_git_to_add(worked: Legacy) -> None:
    old = worked.commit({"a.pkl": b"x", "a.py": b"1"})
    worked.commit({"a.py": b"1"})
    worked.checkout()
    done = worked.migrate()
    worked.git("checkout", "-q", done.ids[old])
    dvc("checkout", "-q", cwd=worked.path)  # the objects are where DVC looks for them
    assert (worked.path / "a.pkl").read_bytes() == b"x"
    worked.git("checkout", "-q", "main")
    assert worked.git("status", "--porcelain") == b"?? a.pkl\n"


def test_an_existing_project_is_kept_at_every_commit(legacy: Legacy) -> None:
    files = {".dvc/config": b"[core]\n    analytics = false\n", ".dvcignore": b"# mine\n", "a.pkl": b"1"}
    with_all = legacy.commit(files)
    with_ignore = legacy.commit({".dvcignore": b"# mine\n", "a.pkl": b"1"})
    done = legacy.migrate()
    # It gets the remote that it lacks.
    storage = legacy.path.parent / "storage"
    remote = f"    analytics = false\n['remote \"storage\"']\n    url = {storage}\n"
    assert done.files(with_all)[".dvc/config"][1] == f"[core]\n    remote = storage\n{remote}".encode()
    assert ".dvc/.gitignore" not in done.files(with_all)
    assert done.files(with_ignore)[".dvcignore"][1] == b"# mine\n"
    assert done.files(with_ignore)[".dvc/config"][1].startswith(b"[core]")


# --- 18


@pytest.mark.slow
def test_every_old_commit_pulls_its_exact_bytes_in_a_fresh_clone(worked: Legacy) -> None:
    versions: dict[str, dict[str, bytes]] = {}
    for files in (
        {"a.py": b"1", "m/a.pkl": b"one", "data/é b.csv": b"1,2\r\n"},
        {"a.py": b"2", "m/a.pkl": b"two", "m/deep/er/c.h5": b"", "-x.csv": b"x"},
        {".gitignore": b"data/\n", "data/x.csv": b"forced", "m/a.pkl": b"one"},
    ):
        versions[worked.commit(dict(files))] = dict(files)
    worked.checkout()
    done = worked.migrate()
    worked.storage()
    for old, files in versions.items():
        found = worked.pulled(done.ids[old])
        assert {n: found.get(n) for n in files if n != ".gitignore"} == {
            n: c for n, c in files.items() if n != ".gitignore"
        }


def test_pointer_and_cache_are_what_dvc_itself_would_have_written(worked: Legacy) -> None:
    old = worked.commit({"m/a.pkl": b"data" * 1000, "m/run.csv": ("100755", b"x")})
    worked.checkout()
    done = worked.migrate()
    assert done.files(old)["m/a.pkl.dvc"][1] == pointer_of(b"data" * 1000, "a.pkl")
    status = dvc("status", cwd=worked.path).stdout
    assert b"up to date" in status
    file = worked.cache() / "files" / "md5" / md5(b"x")[:2] / md5(b"x")[2:]
    assert file.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(
    ("lines", "hidden"),
    [
        ([b"/data/*", b"!*.dvc", b"!/data/raw/"], True),  # what says more of a folder says nothing of a file in it
        ([b"/data/*", b"!/data/**"], False),
        ([b"/data/"], True),
        ([b"*.pkl"], False),
        ([b"data/raw/a[.csv"], False),
        ([], False),
    ],
)
def test_what_a_dvcignore_hides_is_what_dvc_takes_for_hidden(lines: list[bytes], hidden: bool) -> None:
    chain = tuple((b"", b".dvcignore", line) for line in lines)
    reader = Reader([b"data/raw/a.csv"])
    assert [reader.hidden_from_dvc(chain, b"data/raw/a.csv") for _ in range(2)] == [hidden, hidden]
    assert not reader.hidden_from_dvc(tuple((b"", b".gitignore", line) for line in lines), b"data/raw/a.csv")
