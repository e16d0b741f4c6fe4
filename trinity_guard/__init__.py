"""trinity-guard: `git commit` turns models and data into DVC pointers."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    __version__: str

    # Who wants to know how far something is: told what is done, of how much.
    Progress = Callable[[int, int], None]

# For programs; __init__.pyi says their types. By name, since this package must import nothing of its own.
PUBLIC = {"record": "trinity_guard.training.description.run", "run": "trinity_guard.training.description.run"}

# The folder that this package is imported from: for whoever starts another Python, or reads the files beside the code.
LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def start_line(module: str = "trinity_guard.cli") -> str:
    """Return what `python -c` runs to start us from anywhere: its first argument is LIBRARY, the rest are the module's.

    Behind all other folders: what a repository holds is never a module of ours. `hooks/` has the same line.
    """
    return f"import sys; sys.path.append(sys.argv.pop(1)); from {module} import main; sys.exit(main())"


def python_module(name: str) -> list[str]:
    """Return the command line that runs a module of another package in our Python, and none of the current folder.

    -P: a file that came with a repository is no Python module, whatever its name.
    """
    return [sys.executable, "-P", "-m", name]


def __getattr__(name: str) -> object:
    """Load what is for programs, and the version, when it is asked for: no hook asks."""
    if name in PUBLIC:
        import importlib  # hooks never need it

        return getattr(importlib.import_module(PUBLIC[name]), name)
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from trinity_guard._version import __version__  # noqa: PLC0415  # the build writes it
    except ImportError:  # the files of a clone that was never installed
        return "0.0.0.dev0"
    return __version__
