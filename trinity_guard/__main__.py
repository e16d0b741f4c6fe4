"""`python -m trinity_guard` is `trinity-guard`."""

import contextlib
import os
import sys

# Python looks into the current folder first, and a project's own mlflow.py, or one of a clone from a stranger, is no
# library of ours. As pip does it; the parts of this package are found all the same, they lie beside this one.
with contextlib.suppress(OSError):  # a folder that is gone has no files
    if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]

from trinity_guard.cli import main

sys.exit(main())
