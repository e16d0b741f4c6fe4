"""Old commits to new ones: only tree and parents change, the ids in messages, and what signed the old bytes."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import OF_DVC, Legacy

SIGNED = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n"


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
