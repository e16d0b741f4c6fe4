"""Peers and us in turn, in one run; ratios are printed."""

import os

# Users have their modules compiled; where this is set, each start would compile all of them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
