"""Tags rewritten byte for byte, also those on trees; what names a file's bytes stays."""

from __future__ import annotations

from tests.migrate.legacy import AUTHOR, Legacy


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
    assert any("tags that name a file's bytes" in remark for remark in done.report["remarks"])


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
