"""What a training can be told: checked values, from `train:` in params.yaml and from --set key=value."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields

from trinity_guard.errors import UNUSABLE, GuardError

# Words for "no value", as YAML and people write them.
NOTHING = ("none", "null", "~", "")


@dataclass(frozen=True)
class Settings:
    """How to make examples, split them, and grow the forest. `of` checks; the constructor trusts.

    target: "auto" is is_valid. features: "auto" is "reference" under the reference protocol, else "measured" where the
    table has those columns, else "contract". test_size: share of the rows, 0.05 to 0.5. folds: 0 is no
    cross-validation. max_features: of how many columns each cut is chosen.
    """

    target: str = "auto"
    protocol: str = "grouped"
    features: str = "auto"
    n_estimators: int = 100
    max_depth: int | None = 10
    min_samples_split: int = 5
    min_samples_leaf: int = 2
    max_features: str = "sqrt"
    class_weight: str | None = None
    test_size: float = 0.2
    folds: int = 5
    repeats: int = 1
    seed: int = 42

    @classmethod
    def of(cls, mapping: Mapping[str, object]) -> Settings:
        """Return the settings that a mapping describes; values may be text, as from a command line.

        Raises GuardError (exit code 2) naming the first key that is unknown or whose value is not allowed.
        """
        values: dict[str, object] = {}
        for key, value in mapping.items():
            check = CHECKS.get(key) if isinstance(key, str) else None
            if check is None:
                raise _unknown(key)
            values[key] = check(key, value)
        return cls(**values)  # type: ignore[arg-type]  # each was made by the check of its field

    def changed(self, **values: object) -> Settings:
        """Return these settings with some values replaced, checked as in `of`."""
        return Settings.of(asdict(self) | values)


Check = Callable[[str, object], object]


def _choice(*allowed: str | None) -> Check:
    def check(key: str, value: object) -> object:
        named = None if None in allowed and _is_nothing(value) else value
        if not (named is None or isinstance(named, str)) or named not in allowed:
            raise _refused(key, value, "one of " + ", ".join("none" if a is None else a for a in allowed))
        return named

    return check


def _whole(low: int, high: int, *, or_none: bool = False, or_zero: bool = False) -> Check:
    wanted = f"a whole number from {low} to {high}{', or none' * or_none}{', or 0' * or_zero}"

    def check(key: str, value: object) -> object:
        if or_none and _is_nothing(value):
            return None
        number = _number(value)
        if number is None or number != int(number) or not (low <= number <= high or (or_zero and number == 0)):
            raise _refused(key, value, wanted)
        return int(number)

    return check


def _share(low: float, high: float) -> Check:
    def check(key: str, value: object) -> object:
        number = _number(value)
        if number is None or not low <= number <= high:
            raise _refused(key, value, f"a number from {low} to {high}")
        return number

    return check


def _number(value: object) -> float | None:
    """Return a number, or the number that a text spells; None for anything else, for nan and for infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in NOTHING)


CHECKS: dict[str, Check] = {
    "target": _choice("auto", "is_valid", "resolved_strategy_id"),
    "protocol": _choice("grouped", "reference"),
    "features": _choice("auto", "contract", "measured", "reference"),
    "n_estimators": _whole(1, 5000),
    "max_depth": _whole(1, 1000, or_none=True),
    "min_samples_split": _whole(2, 100_000),
    "min_samples_leaf": _whole(1, 100_000),
    "max_features": _choice("sqrt", "log2", "all"),
    "class_weight": _choice(None, "balanced", "balanced_subsample"),
    "test_size": _share(0.05, 0.5),
    "folds": _whole(2, 20, or_zero=True),
    "repeats": _whole(1, 20),
    "seed": _whole(0, 2**32 - 1),
}
KNOWN = tuple(field.name for field in fields(Settings))


def _unknown(key: object) -> GuardError:
    near = difflib.get_close_matches(key, KNOWN, 1) if isinstance(key, str) else []
    guess = f"; did you mean {near[0]}?" if near else "."
    return GuardError(
        problem=f"{_short(key)} is no setting of the trainer{guess} There are: {', '.join(KNOWN)}.",
        remedy="trinity train --set max_depth=12     # or the key below `train:` in params.yaml",
        exit_code=UNUSABLE,
    )


def _refused(key: str, value: object, wanted: str) -> GuardError:
    default = getattr(Settings(), key)
    return GuardError(
        problem=f"{key} cannot be {_short(value)}: it must be {wanted}.",
        remedy=f"trinity train --set {key}={'none' if default is None else default}     # the default",
        exit_code=UNUSABLE,
    )


def _short(value: object) -> str:
    """Return a value for a message. Its type alone where even its text cannot be had (an int of 5,000 digits)."""
    try:
        text = repr(value)
    except ValueError:
        return f"this {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
