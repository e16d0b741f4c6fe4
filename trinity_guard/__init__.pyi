from collections.abc import Callable

from trinity_guard.training.description.run import record as record
from trinity_guard.training.description.run import run as run

__version__: str
Progress = Callable[[int, int], None]
LIBRARY: str

def start_line(module: str = "trinity_guard.cli") -> str: ...
def python_module(name: str) -> list[str]: ...
