"""Keras numbers layers as a process makes them: the same model trained anew has dense_3 where it had dense."""

from __future__ import annotations

import difflib
import itertools
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

CLASS, NAME = "class_name", "config.name"
# Where Keras 2 does not number by the class.
ALSO = {"InputLayer": "input", "Functional": "model"}
# Whose values are names of layers.
REFERRING = ("input_layers", "output_layers", "keras_history", "inbound_nodes")
ADDRESS = "shared_object_id"  # in the memory of the process that saved it


class _Layer:
    """A layer, or the model itself, of which Keras has made the name. told: all that it says but names."""

    def __init__(self, kind: str, name: str, told: frozenset[tuple[str, str]]) -> None:
        self.kind = kind
        self.name = name
        self.told = kind, told


def without_addresses(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model says, and not where its parts lay in memory."""
    return {name: value for name, value in parameters.items() if name.rpartition(".")[2] != ADDRESS}


def other_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Return after -> before: the automatic names of the same layers, where these are others. Of parameters by path."""
    sides = [_layers(parameters) for parameters in (before, after)]
    if [layer.name for layer in sides[0]] == [layer.name for layer in sides[1]]:
        return {}
    names = {new.name: old.name for old, new in _pairs(*sides)}
    taken = {*names.values()}
    for layer in sides[1]:
        if layer.name not in names:  # one that came, and may have the number of another before
            names[layer.name] = next(n for n in _numbered(layer) if n not in taken)
            taken.add(names[layer.name])
    return {new: old for new, old in names.items() if new != old}


def renamed(names: Mapping[str, str]) -> Callable[[str, Any], tuple[str, Any]]:
    """Return what gives a parameter, or an array by its path, with its value the names of layers that it has before."""
    every = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    in_path = re.compile(rf"(?<![A-Za-z0-9])({every})(?!_?\d|[A-Za-z0-9])")
    below_layers = re.compile(rf"(?<=layers\.)({every})(?=\.)")

    def other(found: re.Match[str]) -> str:
        return names[found[0]]

    def rename(path: str, value: Any) -> tuple[str, Any]:
        said = in_path.sub(other, path) if "/" in path else below_layers.sub(other, path)
        parts = path.split(".")
        if parts[-1] == "name" or not set(REFERRING).isdisjoint(parts):
            value = [_known(item, names) for item in value] if isinstance(value, list) else _known(value, names)
        return said, value

    return rename


def _known(value: Any, names: Mapping[str, str]) -> Any:
    return names.get(value, value) if isinstance(value, str) else value


def _layers(parameters: Mapping[str, Any]) -> list[_Layer]:
    """Return what has an automatic name, in the order of the model."""
    names = {}
    for path, kind in parameters.items():
        own = path.removesuffix(CLASS)
        name = parameters.get(own + NAME)
        if own != path and isinstance(name, str) and isinstance(kind, str) and _is_automatic(kind, name):
            names[own] = kind, name
    told = _told(parameters, names)
    return [_Layer(kind, name, frozenset(told[own])) for own, (kind, name) in names.items()]


def _told(parameters: Mapping[str, Any], owners: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return of each layer what it says of itself; of the model nothing, for which all its layers speak."""
    found: dict[str, list[tuple[str, str]]] = {own: [] for own in owners}
    for path, value in parameters.items():
        parts = path.split(".")
        if parts[-1] == "name" or not set(REFERRING).isdisjoint(parts):
            continue
        for own in (".".join([*parts[:at], ""]) for at in range(2, len(parts))):
            if own in found and "layers." in own:
                found[own].append((path.removeprefix(own), repr(value)))
    return found


def _is_automatic(kind: str, name: str) -> bool:
    return any(re.fullmatch(rf"{re.escape(base)}(_\d+)?", name) for base in (_base(kind), ALSO.get(kind)) if base)


def _base(kind: str) -> str:
    """Return a class's name as Keras writes it in layers': InputLayer as input_layer."""
    said = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", said).lower()


def _numbered(layer: _Layer) -> Iterator[str]:
    yield layer.name
    yield from (f"{_base(layer.kind)}_{number}" for number in itertools.count(1))


def _pairs(before: Sequence[_Layer], after: Sequence[_Layer]) -> Iterator[tuple[_Layer, _Layer]]:
    """Yield the same layers of both: first those that say the same, between these ones of the same class in order."""
    matcher = difflib.SequenceMatcher(None, [x.told for x in before], [x.told for x in after], autojunk=False)
    for what, old, old_end, new, new_end in matcher.get_opcodes():
        one, other = before[old:old_end], after[new:new_end]
        if what == "equal":
            yield from zip(one, other, strict=True)
            continue
        for kind in dict.fromkeys(layer.kind for layer in one):
            yield from zip(*([x for x in side if x.kind == kind] for side in (one, other)), strict=False)
