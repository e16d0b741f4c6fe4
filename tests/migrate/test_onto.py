"""Commits that others pushed to the old history go onto the new one, as a run over everything would have them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import run
from tests.migrate import driven
from tests.migrate.legacy import Legacy, Migrated
from trinity_guard.errors import GuardError
from trinity_guard.migrate import run as running
from trinity_guard.migrate import select
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Request


def old_history(legacy: Legacy) -> dict[str, str]:
    """Write what was there when it was migrated: two branches with a merge, a tag, a note."""
    ids = {"first": legacy.commit({"code.py": b"1", "m/a.pkl": b"one"})}
    ids["table"] = legacy.commit({"code.py": b"1", "m/a.pkl": b"one", "t.csv": b"x,y\n"})
    legacy.git("tag", "-a", "-m", "first", "v1", ids["first"])
    ids["side"] = legacy.commit({"code.py": b"2", "m/a.pkl": b"side"}, parents=[ids["first"]], branch="side")
    files = {"code.py": b"2", "m/a.pkl": b"one", "t.csv": b"x,y\n"}
    ids["merged"] = legacy.commit(files, b"merge\n", parents=[ids["table"], ids["side"]])
    legacy.git("notes", "add", "-m", "a word", ids["table"])
    return ids


def pushed_since(legacy: Legacy, ids: dict[str, str]) -> dict[str, str]:
    """Write what others went on with: a changed artifact, a renamed one, new ones, merges, branches, tags, a note."""
    base = {"code.py": b"2", "t.csv": b"x,y\n", "m/a.pkl": b"two"}
    new = {"changed": legacy.commit(base, b"after %.9s\n" % ids["side"].encode())}
    renamed = {"code.py": b"2", "t.csv": b"x,y\n", "n/b.pkl": b"two", "n/.gitignore": b"*.tmp"}
    new["renamed"] = legacy.commit(renamed, b"moved, see %s\n" % ids["merged"].encode())
    # From before any artifact was there no more: without DVC's files of its own, which it has all the same.
    new["bare"] = legacy.commit({"code.py": b"3"}, parents=[ids["side"]], branch="side")
    new["late"] = legacy.commit({"code.py": b"3", "big/x.h5": b"h5"}, parents=[ids["first"]], branch="late")
    both = {**renamed, "big/x.h5": b"h5"}
    extra = b"gpgsig -----BEGIN\n \n -----END\n"
    new["octopus"] = legacy.commit(both, parents=[new["renamed"], new["bare"], new["late"]], extra=extra)
    new["root"] = legacy.commit({"u.csv": b"u"}, parents=[], branch="unrelated")
    legacy.git("tag", "light", new["renamed"])
    legacy.git("tag", "-a", "-m", f"names {new['changed'][:12]}", "v2", new["octopus"])
    legacy.git("tag", "-a", "-m", "late", "v1.1", ids["first"])
    legacy.git("notes", "add", "-m", "another", new["changed"])
    return new


def migrated(legacy: Legacy) -> dict[str, Any]:
    with Migration(legacy.place) as migration:
        return running.run(migration, legacy.options(push=True))


class Server:
    """Where everybody pushes to: with the old history, and with what came to it since; `owner`: a mirror clone that was
    migrated between the two; `whole`: one that is migrated when all is there."""

    def __init__(self, path: Path) -> None:
        self.legacy = Legacy(path / "server.git", bare=True)
        self.ids = old_history(self.legacy)
        self.owner = self.clone(path / "owner.git")
        migrated(self.owner)
        self.map = path / "commit-map"
        shutil.copy(self.owner.git_dir / "trinity-guard/migrate/commit-map", self.map)
        self.new = pushed_since(self.legacy, self.ids)
        whole = self.clone(path / "whole.git")
        self.whole = Migrated(whole, migrated(whole))

    def clone(self, path: Path) -> Legacy:
        run("git", "clone", "-q", "--mirror", self.legacy.path, path)
        found = Legacy.__new__(Legacy)
        found.path, found.bare = path, True
        return found


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def carried(place: Any, file: Path, *names: str, dry: bool = False, **asked: Any) -> dict[str, Any]:
    with Migration(place) as migration:
        request = Request(onto=str(file), refs=names, dry=dry, **asked)
        running.refuse(migration, dry, onto=True)
        return running.run(migration, select.options(migration, request))


def own_refs(legacy: Legacy) -> dict[str, str]:
    return {n: oid for n, oid in legacy.refs().items() if n.startswith(("refs/heads/", "refs/tags/", "refs/notes/"))}


def fetch(legacy: Legacy) -> None:
    """Fetch what others pushed: branches for a remote's, tags and notes as they are."""
    legacy.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    legacy.git("config", "remote.origin.mirror", "false")
    legacy.git("fetch", "-q", "origin", "+refs/tags/*:refs/tags/*", "+refs/heads/*:refs/remotes/origin/*")


def test_where_it_was_migrated_all_is_as_after_a_run_over_everything(server: Server) -> None:
    owner = server.owner
    fetch(owner)
    owner.git("fetch", "-q", "origin", "+refs/notes/*:refs/notes/*")
    report = carried(owner.place, owner.git_dir / "trinity-guard/migrate/commit-map")
    assert own_refs(owner) == own_refs(server.whole.legacy)
    assert Migrated(owner, report).ids == server.whole.ids
    assert report["commits"] == len(server.new)
    assert driven.verify(owner.place).wrong == []
    owner.accepted()
    assert {name for name, _, _ in report["refs"]} == {n for n in server.whole.legacy.refs() if n in own_refs(owner)}


def test_an_undo_leads_to_what_others_pushed_and_a_finish_lets_all_of_it_go(server: Server) -> None:
    owner = server.owner
    fetch(owner)
    owner.git("fetch", "-q", "origin", "+refs/notes/*:refs/notes/*")
    carried(owner.place, owner.git_dir / "trinity-guard/migrate/commit-map")
    driven.undo(owner.place)
    assert own_refs(owner) == own_refs(server.legacy)
    assert not any(name.startswith("refs/trinity-guard/") for name in owner.refs())


def test_a_branch_that_a_mirror_s_fetch_has_pruned_is_no_matter_any_more(server: Server) -> None:
    server.legacy.git("update-ref", "-d", "refs/heads/side")
    owner = server.owner
    owner.git("fetch", "-q", "--prune", "origin")
    assert not any("original" in name for name in owner.refs())
    carried(owner.place, owner.git_dir / "trinity-guard/migrate/commit-map")
    assert "refs/heads/side" not in owner.refs()
    assert driven.verify(owner.place).wrong == []
    driven.undo(owner.place)
    assert own_refs(owner) == own_refs(server.legacy)


# --- where it cannot be


def said(server: Server, place: Any, file: Path, **asked: Any) -> str:
    with pytest.raises(GuardError) as error:
        carried(place, file, **asked)
    return error.value.problem


def test_a_map_that_is_gone_damaged_or_another_repository_s_is_refused(server: Server, tmp_path: Path) -> None:
    fresh, file = server.clone(tmp_path / "fresh.git"), tmp_path / "map"
    assert "map is gone" in said(server, fresh.place, file)
    file.write_text("x y\n")
    assert "map is damaged" in said(server, fresh.place, file)
    file.write_text("1" * 40 + " " + "2" * 40 + "\n")
    assert f"no old commit that {file} names is here" in said(server, fresh.place, file)


def test_the_new_history_must_be_here(server: Server, tmp_path: Path) -> None:
    fresh = server.clone(tmp_path / "fresh.git")
    assert "the new history is not here" in said(server, fresh.place, server.map)
    fresh.git("fetch", "-q", str(server.owner.path), "refs/heads/*:refs/heads/new/*")
    before = own_refs(fresh)
    report = carried(fresh.place, server.map, "main", "side", "late")
    whole = own_refs(server.whole.legacy)
    for name in ("main", "side", "late"):
        assert own_refs(fresh)[f"refs/heads/{name}"] == whole[f"refs/heads/{name}"]
    assert own_refs(fresh)["refs/tags/v2"] == before["refs/tags/v2"]
    assert driven.verify(fresh.place).wrong == []
    assert set(Migrated(fresh, report).ids.items()) <= set(server.whole.ids.items())
    driven.undo(fresh.place)
    assert own_refs(fresh) == before


def test_a_map_without_a_commit_that_others_stand_on_is_refused(server: Server) -> None:
    fetch(server.owner)
    lines = server.map.read_text().splitlines(keepends=True)
    server.map.write_text("".join(line for line in lines if not line.startswith(server.ids["side"])))
    assert f"lacks commit {server.ids['side']}" in said(server, server.owner.place, server.map)


def test_what_was_asked_for_then_holds_and_anything_else_is_refused(server: Server, tmp_path: Path) -> None:
    fetch(server.owner)
    own = server.owner.git_dir / "trinity-guard/migrate/commit-map"
    before = server.owner.refs()
    assert "would become another one now" in said(server, server.owner.place, own, include=["*.pkl"])
    assert server.owner.refs() == before
    assert driven.verify(server.owner.place).wrong == []
    carried(server.owner.place, own)


def test_where_it_fails_before_refs_move_the_migration_stays_as_it_was(server: Server) -> None:
    fetch(server.owner)
    own = server.owner.git_dir / "trinity-guard/migrate/commit-map"
    kept = {name: (own.parent / name).read_bytes() for name in ("state.json", "report.json", "commit-map", "wanted")}
    shutil.rmtree(server.owner.path.parent / "storage")
    (server.owner.path.parent / "storage").write_text("a file")
    assert "storage" in said(server, server.owner.place, own, push=True)
    assert {name: (own.parent / name).read_bytes() for name in kept} == kept
    with Migration(server.owner.place) as migration:
        assert running.standing(migration) == running.COMPLETE


def test_a_new_commit_of_the_new_history_stays_as_it_is(server: Server) -> None:
    """Somebody has cloned the new history already, and pushes on that, too."""
    owner = server.owner
    fetch(owner)
    files = {name: content for name, content in owner.files("main").items() if name != "code.py"}
    ours = owner.commit(files, branch="ours", parents=[owner.id("main")])
    owner.git("update-ref", "refs/remotes/origin/ours", ours)
    owner.git("update-ref", "-d", "refs/heads/ours")
    carried(owner.place, owner.git_dir / "trinity-guard/migrate/commit-map")
    assert "refs/heads/ours" not in owner.refs()
    assert owner.id("main") == server.whole.legacy.id("main")
