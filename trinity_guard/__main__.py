"""`python -m trinity_guard` is `trinity-guard`."""

import sys

from trinity_guard.cli import main

sys.exit(main())
