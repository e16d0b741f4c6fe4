"""The files of DVC's own that a commit gets with its first pointer, byte for byte as DVC writes them."""

from __future__ import annotations

from collections.abc import Mapping


class DvcFiles:
    """The files of DVC's own that a commit needs to hold a pointer, byte for byte as `dvc init` writes them."""

    def __init__(self, config: bytes, gitignore: bytes, dvcignore: bytes) -> None:
        self.config = config
        self.gitignore = gitignore
        self.dvcignore = dvcignore

    def texts(self) -> tuple[bytes, bytes, bytes]:
        return self.config, self.gitignore, self.dvcignore


DVC_GITIGNORE = b"/config.local\n/tmp\n/cache\n"
DVC_IGNORE = (
    b"# Add patterns of files dvc should ignore, which could improve\n"
    b"# the performance. Learn more at\n"
    b"# https://dvc.org/doc/user-guide/dvcignore\n"
)


def dvc_files(remotes: Mapping[str, str] | None = None, default: str | None = None) -> DvcFiles:
    """Return what `dvc init` and `dvc remote add [-d] NAME URL` write.

    remotes: name -> url as it is to stand in the config (a folder: absolute, or relative to `.dvc`).
    """
    lines = [f"[core]\n    remote = {default}\n"] if default else []
    lines += [f"['remote \"{name}\"']\n    url = {_value(url)}\n" for name, url in (remotes or {}).items()]
    return DvcFiles("".join(lines).encode(), DVC_GITIGNORE, DVC_IGNORE)


def _value(url: str) -> str:
    """Return a value as configobj writes it: in quotes where it would be read as something else."""
    plain = url and url == url.strip() and url[0] not in "\"'" and not any(c in url for c in ",#")
    return url if plain else f'"{url}"' if '"' not in url else f"'{url}'"
