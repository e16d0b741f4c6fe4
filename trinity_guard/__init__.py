"""trinity-guard: `git commit` turns models and data into DVC pointers."""

__version__ = "0.1.0"
