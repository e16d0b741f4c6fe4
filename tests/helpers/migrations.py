"""A repository whose history holds artifacts, and `trinity-guard migrate` driven on it."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.support import KB, Repo


class Legacy(Repo):
    """A repository whose history holds artifacts, as `git add` put them there."""

    def add(self, name: str, data: bytes | int) -> bytes:
        content = self.stage(name, data)
        self.git("commit", "-q", "-m", f"write {name}")
        return content

    def refs(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").stdout.decode().splitlines()
        return dict(line.split(" ") for line in lines)

    def head_of(self, ref: str) -> str:
        return self.git("rev-parse", ref).stdout.decode().strip()

    @property
    def state(self) -> Path:
        return self.path / ".git" / "trinity-guard" / "migrate"

    def everything(self) -> dict[str, object]:
        """All that a migration may touch: refs, index, HEAD, status, files."""
        here = self.path
        names = (p for p in here.rglob("*") if p.is_file() and ".git" not in p.relative_to(here).parts)
        return {
            "refs": self.refs(),
            "head": (here / ".git" / "HEAD").read_bytes(),
            "index": self.index(),
            "status": self.git("status", "--porcelain").stdout,
            "files": {str(p.relative_to(here)): p.read_bytes() for p in names},
        }


def make_legacy(path: Path) -> Legacy:
    """Make one with two versions of a model and a table on main, a branch with a model of its own, and a tag."""
    repo = Legacy(path)
    path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.add("code.py", b"print(1)\n")
    repo.add("models/a.pkl", 10 * KB)
    repo.add("data/t.csv", b"x,y\n" * 2000)
    repo.git("tag", "-a", "-m", "first", "v1")
    repo.git("checkout", "-q", "-b", "side")
    repo.add("models/side.pkl", 3 * KB)
    repo.git("checkout", "-q", "main")
    repo.add("models/a.pkl", 12 * KB)
    return repo


def out(repo: Repo, *args: str, ok: bool = True) -> str:
    return repo.guard("migrate", *args, ok=ok).stdout.decode()


def refused(repo: Repo, *args: str, code: int = 1, **env: str) -> str:
    done = repo.guard("migrate", *args, ok=False, **env)
    said = done.stderr.decode()
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said
