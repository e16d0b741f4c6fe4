"""What a repository asks for: the keys of `.trinity-guard.toml`, their values and defaults."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Patterns with a size in bytes each, in the order of the file.
    Sizes = tuple[tuple[str, int], ...]

OWN_FILE = ".trinity-guard.toml"
PYPROJECT = "pyproject.toml"
DEFAULT_PATTERNS = tuple(
    "*.pkl *.pickle *.joblib *.csv *.tsv *.h5 *.hdf5 *.keras *.parquet *.feather "  # noqa: SIM905 - reads as the contract does
    "*.npy *.npz *.pt *.pth *.ckpt *.onnx *.safetensors".split()
)
KEYS = (
    "patterns", "exclude", "max-size", "sniff", "on-artifact", "push", "sync", "on-change", "min-size", "folders",
    "facts", "pickles", "pickle-allow", "remote",
)  # fmt: skip
CHOICES = {
    "on-artifact": ("convert", "block"),
    "push": ("wait", "background", "off"),
    "sync": ("checkout", "pull", "off"),
    "on-change": ("auto", "record", "warn", "refuse"),
    "pickles": ("warn", "refuse", "off"),
}
SIZES = {"max-size": "5 MB", "min-size": "10 kB"}
MAX_BYTES = 1_000_000
# An end of these alone means the same in every syntax of patterns.
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@~")


class Config:
    """What the repository asks for.

    max_size and min_size are in bytes, 0 for no limit; max_size_of and min_size_of are those of patterns, of which the
    last that matches holds. source names the file it came from ("" for the defaults), notes are sentences to say.
    """

    __slots__ = (
        "exclude", "facts", "folders", "max_size", "max_size_of", "min_size", "min_size_of", "notes", "on_artifact",
        "on_change", "patterns", "pickle_allow", "pickles", "push", "remote", "sniff", "source", "sync",
    )  # fmt: skip

    def __init__(
        self,
        *,
        patterns: tuple[str, ...] = DEFAULT_PATTERNS,
        exclude: tuple[str, ...] = (),
        folders: tuple[str, ...] = (),
        max_size: int = 5_000_000,
        max_size_of: Sizes = (),
        min_size: int = 0,
        min_size_of: Sizes = (),
        sniff: bool = True,
        facts: bool = False,
        on_artifact: str = "convert",
        on_change: str = "auto",
        pickles: str = "warn",
        pickle_allow: tuple[str, ...] = (),
        push: str = "wait",
        sync: str = "checkout",
        remote: str | None = None,
        source: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        self.patterns = patterns
        self.exclude = exclude
        self.folders = folders
        self.max_size = max_size
        self.max_size_of = max_size_of
        self.min_size = min_size
        self.min_size_of = min_size_of
        self.sniff = sniff
        self.facts = facts
        self.on_artifact = on_artifact
        self.on_change = on_change
        self.pickles = pickles
        self.pickle_allow = pickle_allow
        self.push = push
        self.sync = sync
        self.remote = remote
        self.source = source
        self.notes = notes


def is_plain(pattern: str) -> bool:
    """Whether a pattern names an end alone, as `*.csv` does."""
    return pattern[:2] == "*." and PLAIN.issuperset(pattern[2:])
