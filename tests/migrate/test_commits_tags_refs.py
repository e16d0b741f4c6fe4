"""Commits, tags, notes and refs: what changes in them, and that nothing else does."""

from __future__ import annotations

import pytest

from tests.migrate import driven
from tests.migrate.legacy import AUTHOR, OF_DVC, Legacy
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import refs, refusals
from trinity_guard.migrate.refs import listed
from trinity_guard.migrate.selection import Selection

SIGNED = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n"


def changed_only(legacy: Legacy, old: str, new: str) -> set[bytes]:
    """Return the lines of a commit or tag that are not the same in both."""
    return set(legacy.raw(old).split(b"\n")) ^ set(legacy.raw(new).split(b"\n"))


# --- 10


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"no newline at the end",
        b"\n\n  odd \n\n",
        b"caf\xe9 in latin-1\n",
        b"nul-free \xff\xfe\n",
        b"tree x\nparent y\n",
    ],
)
def test_only_tree_and_parents_of_a_commit_change(legacy: Legacy, message: bytes) -> None:
    extra = b"encoding ISO-8859-1\nHG:extra close:1\nx-multi one\n two\n"
    author = b"J\xf6rg <j@x> 1234567890 -1130"
    root = legacy.commit({"a.pkl": b"1"})
    old = legacy.commit({"a.pkl": b"2"}, message, extra=extra, author=author)
    done = legacy.migrate()
    before, after = legacy.raw(old), legacy.raw(done.ids[old])
    assert after[46:] == before[46:].replace(root.encode(), done.ids[root].encode(), 1)
    assert after[:5] == b"tree "


def test_parents_keep_their_number_and_order_and_nothing_is_pruned(legacy: Legacy) -> None:
    base = legacy.commit({"a.pkl": b"1"})
    sides = [legacy.commit({"a.pkl": b"1", f"{n}.py": b""}, branch=f"b{n}", parents=[base]) for n in (3, 1, 2)]
    octopus = legacy.commit({"a.pkl": b"1"}, parents=[base, *sides])
    empty = legacy.commit({"a.pkl": b"1"}, b"empty\n")
    only = legacy.commit({}, b"nothing left\n")
    other_root = legacy.commit({"b.pkl": b"2"}, branch="orphan", parents=[])
    done = legacy.migrate()
    log = legacy.git("log", "--format=%P", "-1", done.ids[octopus]).decode().split()
    assert log == [done.ids[p] for p in (base, *sides)]
    assert set(done.ids) == {base, *sides, octopus, empty, only, other_root}
    assert set(done.files(only)) == OF_DVC
    assert len(set(done.ids.values())) == len(done.ids)


def test_the_map_holds_every_commit_of_the_rewritten_refs(legacy: Legacy) -> None:
    first = legacy.commit({"a.py": b"1"})
    second = legacy.commit({"a.pkl": b"1"})
    legacy.commit({"z.pkl": b"1"}, branch="other", parents=[])
    done = legacy.migrate(refs=("main",))
    assert list(done.ids) == [first, second]
    assert done.ids[first] == first != done.ids[second]


# --- 11


def test_signatures_go_from_changed_commits_only_and_are_listed(legacy: Legacy) -> None:
    kept = legacy.commit({"a.py": b"1"}, extra=SIGNED)
    signed = legacy.commit({"a.pkl": b"1"}, extra=SIGNED + b"x-other y\n")
    done = legacy.migrate()
    assert done.ids[kept] == kept
    assert b"gpgsig" not in legacy.raw(done.ids[signed])
    assert b"x-other y\n" in legacy.raw(done.ids[signed])
    assert done.report["unsigned_commits"] == [signed]


def test_a_mergetag_goes_and_is_told(legacy: Legacy) -> None:
    base = legacy.commit({"a.pkl": b"1"})
    tag = b"mergetag object %s\n type commit\n tag v1\n tagger x <x> 1 +0000\n \n words\n" % base.encode()
    old = legacy.commit({"a.pkl": b"2"}, extra=tag + b"encoding utf-8\n")
    done = legacy.migrate()
    raw = legacy.raw(done.ids[old])
    assert b"mergetag" not in raw
    assert b" words" not in raw
    assert b"encoding utf-8\n" in raw
    assert done.report["mergetags"] == [old]


# --- 12


def make_tag(
    legacy: Legacy, target: str, kind: str, name: str, tagger: bool = True, message: bytes = b"words\n"
) -> str:
    who = b"tagger " + AUTHOR + b"\n" if tagger else b""
    raw = f"object {target}\ntype {kind}\ntag {name}\n".encode() + who + b"\n" + message
    oid = legacy.write("tag", raw)
    legacy.git("update-ref", f"refs/tags/{name}", oid)
    return oid


def test_annotated_tags_are_rewritten_byte_for_byte(legacy: Legacy) -> None:
    commit = legacy.commit({"a.pkl": b"1"})
    plain = make_tag(legacy, commit, "commit", "v1", message=b"no newline, caf\xe9")
    bare = make_tag(legacy, commit, "commit", "untagged", tagger=False)
    # Nested, and the name inside is not that of the ref: it is followed by object.
    nested = make_tag(legacy, plain, "tag", "deep")
    legacy.git("update-ref", "refs/tags/elsewhere", nested)
    legacy.git("tag", "light", commit)
    done = legacy.migrate()
    new = legacy.refs()
    for old, name in ((plain, "v1"), (bare, "untagged")):
        assert legacy.raw(new[f"refs/tags/{name}"]) == legacy.raw(old).replace(
            commit.encode(), done.ids[commit].encode()
        )
    after = legacy.raw(new["refs/tags/deep"])
    assert after == legacy.raw(nested).replace(plain.encode(), new["refs/tags/v1"].encode())
    assert new["refs/tags/elsewhere"] == new["refs/tags/deep"]
    assert new["refs/tags/light"] == done.ids[commit]
    assert b"tagger" not in legacy.raw(new["refs/tags/untagged"])


def test_a_tag_on_a_tree_is_rewritten_and_one_on_a_blob_is_told(legacy: Legacy) -> None:
    legacy.commit({"x.py": b"1"})
    tree = legacy.tree({"only/in/tag.pkl": b"1"})
    make_tag(legacy, tree, "tree", "tree-tag")
    blob = legacy.write("blob", b"data")
    on_blob = make_tag(legacy, blob, "blob", "blob-tag")
    done = legacy.migrate()
    assert "only/in/tag.pkl.dvc" in legacy.files("refs/tags/tree-tag^{tree}")
    assert legacy.refs()["refs/tags/blob-tag"] == on_blob
    assert any("tags name a file's bytes" in remark for remark in done.report["remarks"])


def test_a_tags_signature_goes_and_is_listed(legacy: Legacy) -> None:
    kept = make_tag(
        legacy, legacy.commit({"a.py": b"1"}), "commit", "old", message=b"x\n-----BEGIN PGP SIGNATURE-----\n"
    )
    commit = legacy.commit({"a.pkl": b"1"})
    signed = make_tag(legacy, commit, "commit", "v1", message=b"x\n-----BEGIN SSH SIGNATURE-----\nabc\n")
    done = legacy.migrate()
    assert legacy.raw(legacy.refs()["refs/tags/v1"]).endswith(b"\n\nx\n")
    assert legacy.refs()["refs/tags/old"] == kept
    assert done.report["unsigned_tags"] == [signed]


# --- 13


def test_ids_in_messages_follow_and_the_unresolved_are_listed(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    words = f"revert {first}, see {first[:8]} and 0123456789abcdef; 20240101 defaced\n".encode()
    second = legacy.commit({"a.pkl": b"2"}, words)
    done = legacy.migrate()
    new = done.ids[first]
    message = legacy.raw(done.ids[second]).partition(b"\n\n")[2]
    assert message == f"revert {new}, see {new[:8]} and 0123456789abcdef; 20240101 defaced\n".encode()
    assert done.report["unresolved_ids"] == [[second, "0123456789abcdef"]]


def test_an_id_of_another_branchs_commit_is_known_in_time(legacy: Legacy) -> None:
    base = legacy.commit({"a.pkl": b"1"})
    late = legacy.commit({"a.pkl": b"9", "l": b""}, branch="z-late", parents=[base])
    picked = [
        legacy.commit(
            {"a.pkl": b"2", str(n): b""},
            f"(cherry picked from commit {late})\n".encode(),
            branch=f"b{n}",
            parents=[base],
        )
        for n in range(4)
    ]
    done = legacy.migrate()
    for old in picked:
        assert done.ids[late].encode() in legacy.raw(done.ids[old])


def test_messages_can_be_left_alone(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    second = legacy.commit({"a.pkl": b"2"}, f"see {first}\n".encode())
    done = legacy.migrate(rewrite_ids=False)
    assert legacy.raw(done.ids[second]).endswith(f"see {first}\n".encode())


def test_a_commit_that_needs_no_change_keeps_its_id_though_it_names_another(legacy: Legacy) -> None:
    changed = legacy.commit({"a.pkl": b"1"})
    same = legacy.commit({"x": b""}, f"see {changed[:10]}\n".encode(), branch="other", parents=[])
    done = legacy.migrate()
    assert done.ids[same] == same
    assert done.report["ids_left"] == [[same, changed[:10]]]


@pytest.mark.parametrize("fanout", [False, True])
def test_notes_follow_their_commits(legacy: Legacy, fanout: bool) -> None:
    commits = [legacy.commit({"a.pkl": b"%d" % n}) for n in range(3)]
    kept = legacy.commit({"x": b""}, branch="kept", parents=[])
    for commit in (*commits, kept):
        legacy.git("notes", "add", "-m", f"note on {commit[:6]}", commit)
    if fanout:
        tree = {f"{c[:2]}/{c[2:]}": f"spread {c}\n".encode() for c in (*commits, kept)}
        oid = legacy.commit(dict(tree), b"notes\n", branch="scratch", parents=[legacy.id("refs/notes/commits")])
        legacy.git("update-ref", "refs/notes/commits", oid)
        legacy.git("update-ref", "-d", "refs/heads/scratch")
    before = {c: legacy.git("notes", "show", c) for c in (*commits, kept)}
    count = legacy.git("rev-list", "--count", "refs/notes/commits")
    done = legacy.migrate()
    for old, text in before.items():
        assert legacy.git("notes", "show", done.ids[old]) == text
    assert legacy.git("rev-list", "--count", "refs/notes/commits") == count


def test_a_stash_is_refused_with_the_way_on(worked: Legacy) -> None:
    worked.commit({"a.pkl": b"1", "a.py": b"1"})
    worked.checkout()
    (worked.path / "a.py").write_bytes(b"2")
    worked.git("stash")
    before = worked.refs()
    with pytest.raises(GuardError, match="stash") as caught:
        worked.migrate()
    assert "git stash branch" in caught.value.remedy
    assert worked.refs() == before
    worked.git("stash", "drop")
    assert worked.migrate().report["refs"]


def test_a_forges_refs_are_rewritten_here_and_that_is_said(legacy: Legacy) -> None:
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git("update-ref", "refs/pull/7/head", old)
    done = legacy.migrate()
    assert legacy.refs()["refs/pull/7/head"] == done.ids[old]
    assert any("forge" in remark for remark in done.report["remarks"])


# --- 14


def test_replace_refs_and_grafts_are_not_looked_at_and_that_is_said(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    second = legacy.commit({"a.pkl": b"2"})
    third = legacy.commit({"a.pkl": b"3"})
    legacy.git("replace", first, second, "-f", ok=False)
    other = legacy.commit({"b.py": b""}, branch="x", parents=[])
    legacy.git("update-ref", f"refs/replace/{second}", other)
    (legacy.git_dir / "info").mkdir(exist_ok=True)
    (legacy.git_dir / "info" / "grafts").write_text(f"{third}\n")
    done = legacy.migrate(refs=("main",))
    assert set(done.ids) == {first, second, third}
    assert sum("not looked at" in remark for remark in done.report["remarks"]) == 2
    raw = legacy.git("--no-replace-objects", "cat-file", "commit", done.ids[third])
    assert b"parent " + done.ids[second].encode() in raw


def test_branches_of_a_remote_without_one_here_are_told(worked: Legacy) -> None:
    old = worked.commit({"a.pkl": b"1"})
    worked.checkout()
    worked.git("update-ref", "refs/remotes/origin/feature", old)
    worked.git("update-ref", "refs/remotes/origin/main", old)
    source = Source(worked.place)
    assert refusals.remote_only(listed(source)) == [b"origin/feature"]
    done = worked.migrate()
    assert worked.refs()["refs/remotes/origin/feature"] == old
    assert any("git branch --track feature origin/feature" in remark for remark in done.report["remarks"])


# --- 15


def test_refs_move_at_once_with_old_values_and_the_originals_are_kept(legacy: Legacy) -> None:
    legacy.commit({"a.py": b"1"}, branch="untouched", parents=[])
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git("tag", "v1", old)
    before = legacy.refs()
    done = legacy.migrate()
    after = legacy.refs()
    assert after["refs/heads/untouched"] == before["refs/heads/untouched"]
    for name in ("heads/main", "tags/v1"):
        assert after["refs/" + name] == done.ids[old]
        assert after["refs/trinity-guard/original/" + name] == old
    assert "refs/trinity-guard/original/heads/untouched" not in after


def test_a_ref_that_moved_meanwhile_stops_it_and_none_moves(legacy: Legacy) -> None:
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git("tag", "v1", old)
    moved = []

    def somebody(_objects: object) -> None:
        moved.append(legacy.commit({"a.pkl": b"2"}))

    with pytest.raises(GuardError, match="moved no ref"):
        driven.run(legacy.place, legacy.options(), check=somebody)
    assert legacy.refs() == {"refs/heads/main": moved[0], "refs/tags/v1": old, "HEAD": moved[0]}
    assert moved[0] in legacy.migrate().ids


def test_an_undo_looks_at_the_refs_a_few_times_however_many_they_are(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git(
        "update-ref", "--stdin", data=b"".join(b"create refs/tags/v%d %s\n" % (n, old.encode()) for n in range(60))
    )
    before = legacy.refs()
    legacy.migrate()
    looks = []
    look = refs.listed

    def counted(source: Source) -> refs.Listed:
        looks.append(1)
        return look(source)

    monkeypatch.setattr(refs, "listed", counted)
    driven.undo(legacy.place)
    assert legacy.refs() == before
    assert len(looks) < 5


def test_a_detached_head_moves_and_an_undo_puts_all_back(worked: Legacy) -> None:
    first = worked.commit({"a.pkl": b"1", "a.py": b"1"})
    worked.commit({"a.pkl": b"2", "a.py": b"1"})
    worked.checkout()
    worked.git("checkout", "-q", "--detach", first)
    before, index = worked.refs(), worked.git("ls-files", "-s")
    done = worked.migrate()
    assert worked.refs()["HEAD"] == done.ids[first]
    assert worked.git("symbolic-ref", "-q", "HEAD", ok=False) == b""
    assert worked.git("status", "--porcelain") == b""
    driven.undo(worked.place)
    assert worked.refs() == before
    assert worked.git("ls-files", "-s") == index
    assert worked.git("status", "--porcelain") == b""
    assert sorted(p.name for p in worked.path.iterdir()) == [".git", "a.pkl", "a.py"]


def test_a_survey_changes_nothing(worked: Legacy) -> None:
    worked.commit({"a.pkl": b"1"})
    worked.checkout()
    before = worked.refs()
    driven.survey(worked.place, Selection(("*.pkl",)), worked.select())
    assert worked.refs() == before
    assert not (worked.git_dir / "trinity-guard").exists()
