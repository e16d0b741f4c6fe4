"""The commented `.trinity-guard.toml` that `init` writes, and takes away again where nobody changed it."""

from __future__ import annotations

import os

from trinity_guard import config
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo import safe_paths
from trinity_guard.errors import shown
from trinity_guard.git import files
from trinity_guard.remotes import base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git
    from trinity_guard.setup.record import InstallPlan

OWN_FILE = config.OWN_FILE.encode()

CONFIG_TEXT = """\
# Models and data of this repository are kept by DVC; trinity-guard does that on an ordinary `git commit`.
# New here? Once in each clone, as Git clones no hooks (init asks before it fetches anything):
# pip install {package} && trinity-guard init
# After that git add, commit, push, checkout and merge are all there is to type.

# The settings. Each line shows a key with its default; take the `#` away to change it.

# What is an artifact: gitignore syntax, upper and lower case alike.
# patterns = [
{patterns}
# ]

# What is never one, whatever its name or content: gitignore syntax.
# exclude = []

# Any other staged file larger than this blocks the commit; "0" is no limit.
# max-size = "5 MB"

# Whether pickles, HDF5, Parquet, NumPy, PyTorch and the like are recognised under other names, by their first bytes.
# sniff = true

# What a commit does with an artifact: "convert" it into a DVC pointer, or "block".
# on-artifact = "convert"

# After a commit its objects go to the DVC remote: "wait" for it, in the "background", or "off".
# push = "wait"

# After a checkout, merge or rebase the artifacts follow their pointers: from the cache ("checkout"),
# from the remote too ("pull"), or "off".
# sync = "checkout"

# An artifact that changed, or was deleted, behind its pointer: "auto" records it when the commit takes all that Git
# sees (`git commit -a`, or nothing is left unstaged) and else names it; "record" always; "warn" only names it;
# "refuse" stops the commit.
# on-change = "auto"

# Artifacts smaller than this stay in Git. It and max-size may be written for patterns, as the README shows.
# min-size = "0"

# Folders that are one artifact each, whatever is in them: one pointer beside the folder. gitignore syntax, as
# "data/images/" or "*.parquet/"; one with a ! in front has a pointer for each of its artifacts.
# folders = []

# Whether rows, columns, class or shape of an artifact go into its pointer, where every forge shows them in a diff.
# facts = false

# A pickle (a model, mostly) that names what is not known to be harmless: "warn" names it when it is committed or
# fetched, "refuse" stops the commit, "off".
# pickles = "warn"

# Names of your own that pickles may have besides, as "mypackage.*".
# pickle-allow = []

# The DVC remote to use, by its name; without this key DVC's default remote.
# remote = "storage"
"""


def config_text(extra: str = "") -> bytes:
    """Return a config file that changes nothing and explains everything. extra: what pip installs for the remote."""
    patterns = config.DEFAULT_PATTERNS
    rows = [patterns[i : i + 6] for i in range(0, len(patterns), 6)]
    listed = "\n".join("#   " + " ".join(f'"{p}",' for p in r) for r in rows)
    package = f"'trinity-guard[{extra}]'" if extra else "trinity-guard"
    return CONFIG_TEXT.format(patterns=listed, package=package).encode()


def _extra(place: git.Place) -> str:
    """Return the extra that brings the plug-in of the default remote, "" where none is needed."""
    project = dvcproject.load(place.top)
    remote = project.remotes.get(project.default_remote or "")
    name = base.PACKAGES.get(safe_paths.scheme(remote.url), "") if remote and "://" in remote.url else ""
    return name.removeprefix("dvc-") if name.removeprefix("dvc-") in base.EXTRAS else ""


def write(plan: InstallPlan) -> None:
    plan.about_to_change(OWN_FILE)
    files.replace_in(plan.place, OWN_FILE, config_text(_extra(plan.place)))
    plan.outcome.done.append(f"settings {shown(OWN_FILE)}, all of them the defaults")


def remove(plan: InstallPlan) -> None:
    path = plan.place.file(OWN_FILE)
    data = files.read_if_there(path)
    if data is None:
        return
    if data not in [config_text(extra) for extra in ("", *base.EXTRAS)]:
        plan.outcome.notes.append(f"{shown(OWN_FILE)} holds settings of yours and is kept")
        return
    plan.about_to_change(OWN_FILE)
    os.unlink(path)
    plan.outcome.done.append(f"{shown(OWN_FILE)} removed")
