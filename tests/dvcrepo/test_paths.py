"""Which files are DVC's, told by their names."""

from __future__ import annotations

import pytest

from trinity_guard.dvcrepo import paths

# path -> what it is; all else it is not.
NAMES = {
    b"a.csv.dvc": "pointer",
    b"d/\xff.csv.dvc": "pointer",
    b"dvc.lock": "lock",
    b"d/dvc.lock": "lock",
    b"mydvc.lock": "",
    b"d/mydvc.lock": "",
    b"dvc.lock/x": "",
    b"dvc.yaml": "pipeline",
    b"d/dvc.yaml": "pipeline",
    b"mydvc.yaml": "",
    b".dvc/config": "config",
    b"d/.dvc/config": "config",
    b".DVC/Config": "config",
    b"x.dvc/config": "",
    b".dvc/config.local": "private_config",
    b"d/.dvc/config.local.tmp-1": "private_config",
    b"config.local": "",
    b".dvc/config.local.example": "",
    b"d/.dvc/config.local-template": "",
    b".dvc/config.local.sample~": "private_config",
}


@pytest.mark.parametrize("path", NAMES)
def test_a_name_is_of_one_kind_at_most(path: bytes) -> None:
    kinds = ("pointer", "lock", "pipeline", "config", "private_config")
    assert [k for k in kinds if getattr(paths, f"is_{k}")(path)] == [k for k in kinds if k == NAMES[path]]
    assert paths.is_reference(path) == (NAMES[path] in ("pointer", "lock"))
    assert paths.is_dvc_path(path) == (NAMES[path] in ("pointer", "lock", "pipeline", "config"))


@pytest.mark.parametrize(("lock", "pipeline"), [(b"dvc.lock", b"dvc.yaml"), (b"a/b/dvc.lock", b"a/b/dvc.yaml")])
def test_a_lock_and_its_pipeline_stand_side_by_side(lock: bytes, pipeline: bytes) -> None:
    assert (paths.yaml_beside(lock), paths.lock_beside(pipeline)) == (pipeline, lock)


@pytest.mark.parametrize(("path", "folder"), [(b"a.csv", b""), (b"d/a.csv", b"d"), (b"d/e/a", b"d/e"), (b"", b"")])
def test_a_path_s_parent_is_its_folder(path: bytes, folder: bytes) -> None:
    assert paths.parent(path) == folder


def test_all_folders_above_are_listed_once() -> None:
    assert paths.folders_above([b"a/b/c.csv", b"a/d.csv", b"e.csv"]) == [b"", b"a", b"a/b"]
    assert paths.folders_above([]) == [b""]


HEX = b"0" * 30
STORES = [
    (b".dvc/cache/files/md5/ab/" + HEX, b".dvc/cache"),
    (b"sub/.dvc/cache/ab/cd", b"sub/.dvc/cache"),
    (b".dvc/tmp/lock", b".dvc/tmp"),
    (b"store/files/md5/ab/" + HEX, b"store"),
    (b"files/md5/ab/" + HEX + b".dir", b"files"),
    (b".dvc/config", b""),
    (b".dvc/plots/cache/x.json", b""),
    (b"a.dvc/cache/x", b""),
    (b"docs/md5/ab/" + HEX, b""),
    (b"store/files/md5/ab/readme", b""),
    (b"store/files/md5/ab/" + HEX + b"/x", b""),
]


@pytest.mark.parametrize(("path", "store"), STORES)
def test_an_object_is_known_by_its_place(path: bytes, store: bytes) -> None:
    assert paths.store_of(path) == store
