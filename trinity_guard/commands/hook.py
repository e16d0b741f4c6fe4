"""`trinity-guard hook NAME`: what the installed Git hooks call. Its exit code decides, where Git listens to it."""

from __future__ import annotations

import gc
import os
import sys

from trinity_guard import console
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, did_you_mean

# The modules of `hooks` that hold a hook's work, loaded when it runs.
MODULES = {
    "pre-commit": ("commit",),
    "pre-merge-commit": ("commit",),
    "pre-applypatch": ("commit",),
    "post-commit": ("after",),
    "pre-push": ("push",),
    "post-checkout": ("checkout",),
    "post-merge": ("checkout",),
    "post-rewrite": ("after", "checkout"),
    "merge-driver": ("merge",),
    "diff-driver": ("diff",),
    "textconv": ("diff",),
    "filter": ("filter",),
}

HELP = f"""usage: trinity-guard hook NAME [--framework] [ARGUMENTS]

Run by the Git hooks that `trinity-guard init` installs; not meant to be typed.
NAME: {", ".join(MODULES)}
--framework: run by the pre-commit framework
Example: trinity-guard hook pre-commit
"""


def run(args: list[str]) -> int:
    """Run one hook. Hooks whose failure Git only passes on (post-*) never fail, but to make the framework speak."""
    framework = "--framework" in args
    args = [a for a in args if a != "--framework"]
    if not args or args[0] in ("-h", "--help"):
        console.result(HELP.rstrip())
        return FINE
    name, rest = args[0], args[1:]
    if framework and name == "post-checkout" and "PRE_COMMIT_CHECKOUT_TYPE" not in os.environ:
        name = "post-merge"  # one hook of the framework serves both
    gc.disable()  # thousands of small objects that live to the end: looking for garbage among them is a tenth of it
    if name not in MODULES:
        hint = did_you_mean(name, MODULES)
        raise GuardError(f"there is no hook '{name}' of ours{hint}.", "trinity-guard hook --help", exit_code=UNUSABLE)
    if name.startswith("pre-") or name in ("merge-driver", "diff-driver", "textconv"):
        return _call(MODULES[name][0], name, framework, rest)
    for module in MODULES[name]:
        try:
            _call(module, name, framework, rest)
        except GuardError as error:
            console.fail(error)
    # The framework hides what a hook says that passes; Git ignores how these end.
    return BLOCKED if framework and console.warned() else FINE


def _call(name: str, hook: str, framework: bool, args: list[str]) -> int:
    module = f"trinity_guard.commands.hooks.{name}"
    __import__(module)
    code: int = getattr(sys.modules[module], hook.replace("-", "_"))(framework, args)
    return code
