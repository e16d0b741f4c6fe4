"""Names that differ in their case alone, where the file system does not tell it: macOS, Windows, memory cards."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.helpers.support import Repo, require, run

ONE, TWO = b"a,1\n", b"a,2\nb,2\n"


@pytest.fixture
def card(tmp_path: Path) -> Generator[Repo, None, None]:
    """A repository on exFAT, which tells no case, knows no links and no modes; where such a thing can be mounted."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    make, mount, losetup = (shutil.which(name, path=path) for name in ("mkfs.exfat", "mount.exfat-fuse", "losetup"))
    if os.geteuid() or not (make and mount and losetup and Path("/dev/fuse").exists()):
        require("root, exfat-fuse, exfatprogs and /dev/fuse")
    image, folder = tmp_path / "image", tmp_path / "card"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    folder.mkdir()
    run(make, image)
    device = run(losetup, "-f", "--show", image).stdout.decode().strip()
    try:
        run(mount, device, folder)
        repo = Repo.make(folder / "work")
        for key, value in (("ignorecase", "true"), ("fileMode", "false")):
            repo.git("config", f"core.{key}", value)  # as git init finds it out there
        repo.stage("model.csv", ONE)
        repo.stage("data/b.csv", TWO)
        repo.commit()
        yield repo
    finally:
        run("umount", "-l", folder, ok=False)
        run(losetup, "-d", device, ok=False)


def listed(repo: Repo, folder: str = ".") -> set[str]:
    return {p.name for p in repo.file(folder).iterdir() if p.suffix in (".csv", ".dvc") and p.is_file()}


def whole(repo: Repo) -> bool:
    """Whether nothing is pending, for Git and for DVC."""
    clean = repo.git("status", "--porcelain").stdout + repo.git("ls-files", "-o", "--exclude-standard").stdout
    return not clean and b"changed" not in repo.dvc("status").stdout and not repo.guard("lint", ok=False).returncode


@pytest.mark.slow
def test_a_pointer_whose_name_changes_in_its_case_brings_its_file_along(card: Repo) -> None:
    card.git("mv", "model.csv.dvc", "Model.csv.dvc")
    said = card.commit().stderr
    assert b"model.csv -> Model.csv, with its pointer and its ignore line." in said
    assert listed(card) == {"Model.csv", "Model.csv.dvc"}
    assert card.file(".gitignore").read_bytes() == b"/Model.csv\n"
    assert whole(card)


@pytest.mark.slow
def test_mv_changes_the_case_of_a_name(card: Repo) -> None:
    card.guard("mv", "data/b.csv", "data/B.csv")
    card.commit()
    assert listed(card, "data") == {"B.csv", "B.csv.dvc"}
    assert card.file("data/.gitignore").read_bytes() == b"/B.csv\n"
    assert card.file("data/B.csv").read_bytes() == TWO
    assert whole(card)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["convert", "mv"])
def test_a_file_gets_no_second_pointer_under_another_case(card: Repo, way: str) -> None:
    card.file("model.csv").unlink()
    card.stage("MODEL.csv", TWO)
    refused = card.commit(ok=False)
    assert refused.returncode == 1
    lines = [line.strip() for line in refused.stderr.decode().splitlines() if line.startswith("    ")]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for line in (lines[0], next(line for line in lines if line.startswith(f"trinity-guard {way} "))):
        run("bash", "-c", line, cwd=card.path, env={"PATH": path})
    if way == "mv":
        card.guard("convert", "MODEL.csv")
    card.commit()
    name = "MODEL.csv" if way == "mv" else "model.csv"
    assert {n for n in card.index() if n.lower().startswith(b"model")} == {f"{name}.dvc".encode()}
    assert f"size: {len(TWO)}\n".encode() in card.show(f"{name}.dvc")
