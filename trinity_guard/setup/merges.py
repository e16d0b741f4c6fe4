"""What `init` writes so that Git merges .gitignore files and pointers, and shows what changed, and takes out again."""

from __future__ import annotations

import os

from trinity_guard.errors import shown
from trinity_guard.git import diffdriver, files, mergedriver
from trinity_guard.setup.record import InstallPlan


def install(plan: InstallPlan) -> None:
    """Give everybody the attribute, where no other says how a .gitignore merges, and this clone the driver."""
    name = mergedriver.FILE
    old = b"" if os.path.islink(plan.place.file(name)) else files.read_if_there(plan.place.file(name)) or b""
    new = mergedriver.with_union(old)
    if os.path.islink(plan.place.file(name)):
        plan.outcome.notes.append(f"{shown(name)} is a symlink, which Git does not read: it stays as it is")
    elif new != old:
        plan.about_to_change(name)
        files.replace_in(plan.place, name, new)
        plan.outcome.done.append(f"branches that add artifacts merge without a conflict ({shown(name)})")
    mergedriver.register(plan.place)
    diffdriver.register(plan.place)


def uninstall(plan: InstallPlan) -> None:
    """Take both out; a .gitattributes that holds nothing else goes."""
    path = plan.place.file(mergedriver.FILE)
    old = b"" if os.path.islink(path) else files.read_if_there(path) or b""
    new = mergedriver.without_union(old)
    if new != old:
        plan.about_to_change(mergedriver.FILE)
        if new:
            files.replace_in(plan.place, mergedriver.FILE, new)
        else:
            os.unlink(path)
        plan.outcome.done.append(f"our lines in {shown(mergedriver.FILE)} removed")
    mergedriver.unregister(plan.place)
    diffdriver.unregister(plan.place)
