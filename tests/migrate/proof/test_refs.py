"""What each ref named before, against what it names now."""

from __future__ import annotations

from tests.migrate.legacy import Legacy
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.proof.refs import RefProof
from trinity_guard.migrate.refs import Move

TAG = b"object %s\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\n%s"


def wrong(legacy: Legacy, name: bytes, old: str, new: str, ids: dict[str, str]) -> list[str]:
    proof = RefProof(Source(legacy.place), {o.encode(): n.encode() for o, n in ids.items()})
    proof.compare([Move(name, old.encode(), new.encode())])
    return proof.wrong


def test_a_branch_must_name_the_commit_of_the_map(legacy: Legacy) -> None:
    old, new = legacy.commit({"a": b"1"}), legacy.commit({"a": b"2"})
    branch = b"refs/heads/main"
    assert wrong(legacy, branch, old, new, {old: new}) == []
    assert wrong(legacy, branch, old, old, {}) == []
    [said] = wrong(legacy, branch, old, new, {old: old})
    assert said == "refs/heads/main: names a commit that is not the one of the map"
    assert "was a commit and is a tree" in wrong(legacy, branch, old, legacy.id(f"{old}^{{tree}}"), {old: new})[0]


def test_a_tag_may_differ_by_what_it_names_and_its_signature_alone(legacy: Legacy) -> None:
    old, new = legacy.commit({"a": b"1"}), legacy.commit({"a": b"2"})
    signed = b"first\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----\n"
    before = legacy.write("tag", TAG % (old.encode(), signed))
    ids = {old: new}
    assert wrong(legacy, b"refs/tags/v1", before, legacy.write("tag", TAG % (new.encode(), b"first\n")), ids) == []
    other = legacy.write("tag", TAG % (new.encode(), b"other\n"))
    assert "message" in wrong(legacy, b"refs/tags/v1", before, other, ids)[0]
    renamed = legacy.write("tag", (TAG % (new.encode(), b"first\n")).replace(b"tag v1", b"tag v2"))
    assert "header" in wrong(legacy, b"refs/tags/v1", before, renamed, ids)[0]
    elsewhere = legacy.write("tag", TAG % (legacy.commit({"a": b"3"}).encode(), b"first\n"))
    assert "not the one of the map" in wrong(legacy, b"refs/tags/v1", before, elsewhere, ids)[0]


def test_a_tree_that_a_tag_names_is_left_to_the_proof_of_the_trees(legacy: Legacy) -> None:
    one, two = legacy.tree({"a": b"1"}), legacy.tree({"a": b"2"})
    proof = RefProof(Source(legacy.place), {})
    proof.compare([Move(b"refs/tags/t", one.encode(), two.encode())])
    assert (proof.wrong, proof.trees) == ([], [(one.encode(), two.encode())])


def test_refs_that_let_go_of_either_history_are_told(legacy: Legacy) -> None:
    old, new = legacy.commit({"a": b"1"}), legacy.commit({"a": b"2"}, parents=[])
    move = Move(b"refs/heads/main", old.encode(), new.encode())
    proof = RefProof(Source(legacy.place), {})
    legacy.git("update-ref", "refs/trinity-guard/original/heads/main", old)
    proof.standing([move])
    assert proof.wrong == []
    legacy.git("update-ref", "refs/heads/main", old)
    legacy.git("update-ref", "-d", "refs/trinity-guard/original/heads/main")
    proof.standing([move])
    assert "it kept the old history" in proof.wrong[0]
    assert "1 of its new commits are held by no ref any more" in proof.wrong[1]
