"""What a pickle holds, as values that do nothing: a class is its name, an object what it would be made of.

Numbers, texts, short bytes, None and tuples stand for themselves; lists are lists. A dict is a `Dict` of pairs and a
set a `Set`, since hashing what a stranger nested a million deep would end the process.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


class Global:
    """A name that the pickle would import."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    @property
    def text(self) -> str:
        return f"{self.module}.{self.name}"

    def __repr__(self) -> str:
        return f"<{self.text}>"


class Object:
    """What a call would return. how: "called" (the class or function), "new" (its __new__ alone).

    by: a Global, or whatever else would be called; args: a tuple, or a value that only running it could tell;
    states: what BUILD would give it, in order; items and pairs: what it would be extended by.
    """

    __slots__ = ("args", "by", "how", "items", "kwargs", "pairs", "states")

    def __init__(self, by: Any, args: Any, how: str, kwargs: Any = None) -> None:
        self.by = by
        self.args = args
        self.how = how
        self.kwargs = kwargs
        self.states: list[Any] = []
        self.items: list[Any] = []
        self.pairs: list[tuple[Any, Any]] = []


class Dict:
    """A dict. pairs: in order, a key that came twice twice; cut: there are more of them, which were not kept;
    odd: a key of those is no attribute's name; given: a dtype has it for its fields, and keeps the very dict."""

    __slots__ = ("cut", "given", "odd", "pairs")

    def __init__(self, pairs: list[tuple[Any, Any]] | None = None) -> None:
        self.pairs = pairs or []
        self.cut = self.given = self.odd = False


def is_attribute(key: Any) -> bool:
    """Whether a key of a state is an attribute's name: `__class__` is Python's own, another object may equal any."""
    return type(key) is str and not (key.startswith("__") and key.endswith("__"))


class Set:
    """A set or a frozenset."""

    __slots__ = ("items",)

    def __init__(self, items: list[Any] | None = None) -> None:
        self.items = items or []


class Raw:
    """Long bytes of the file, copied only when they are asked for."""

    __slots__ = ("at", "length", "source")

    def __init__(self, source: Any, at: int, length: int) -> None:
        self.source = source
        self.at = at
        self.length = length

    def bytes(self) -> bytes:
        return bytes(self.source[self.at : self.at + self.length])


class Persistent:
    """What the program that loads it would have to find under an id: PyTorch's storages."""

    __slots__ = ("id",)

    def __init__(self, id_: Any) -> None:
        self.id = id_


class Opaque:
    """What only the program that loads it could tell: an extension's number, a buffer that came beside the pickle."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what


def hashing(keys: list[Any], sizes: dict[int, int]) -> int:
    """Return how many items Python goes past to hash these keys: a tuple's, wherever it stands, each time anew.

    A tuple in a tuple costs a thousandth more than its own: ten thousand deep is the end of C's stack.
    sizes: of tuples by their id, kept from one call to the next while the tuples are.
    """
    total = 0
    for key in keys:
        todo = [key] if type(key) is tuple else []
        while todo:
            one = todo[-1]
            inner = [part for part in one if type(part) is tuple and id(part) not in sizes]
            if inner and id(one) not in sizes:
                todo.extend(inner)
                continue
            below = sum(sizes[id(part)] for part in one if type(part) is tuple)
            sizes[id(todo.pop())] = len(one) + below + (below >> 10)
        total += sizes.get(id(key), 0)
    return total


def firsts(items: Sequence[Any]) -> list[Any]:
    """Return items, and of lists what comes first in them: a pair's key."""
    return [*items, *(item[0] for item in items if type(item) is list and item)]


# ---- for whoever reads models by it


def class_name(value: Any) -> str:
    """Return what an object would be an instance of ("sklearn.tree._classes.DecisionTreeClassifier"); "" for none."""
    of = class_of(value)
    return of.text if of is not None else ""


def class_of(value: Any) -> Global | None:
    """Return the class of an object, be it made by copyreg as protocols 0 and 1 have it; None where it has none."""
    if not isinstance(value, Object) or not isinstance(value.by, Global):
        return None
    if value.by.text in ("copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__"):
        first = value.args[0] if isinstance(value.args, tuple) and value.args else None
        return first if isinstance(first, Global) else None
    return value.by


def made_by(value: Any, name: str) -> bool:
    return isinstance(value, Object) and isinstance(value.by, Global) and value.by.text == name


def attributes(value: Any) -> dict[str, Any]:
    """Return an object's attributes, as its states give them (a dict, or a pair of that and its slots)."""
    found: dict[str, Any] = {}
    for state in value.states if isinstance(value, Object) else ():
        for part in state if isinstance(state, tuple) and len(state) == 2 else (state,):
            found.update(texts_of(part))
    return found


def texts_of(value: Any) -> dict[str, Any]:
    """Return a dict's (or an OrderedDict's) pairs whose key is a text."""
    pairs = value.pairs if isinstance(value, Dict | Object) else []
    return {key: item for key, item in pairs if isinstance(key, str)}


ARRAY_MAKERS = frozenset(
    f"numpy.{core}.{name}" for core in ("core", "_core") for name in ("multiarray._reconstruct", "numeric._frombuffer")
)


class Array:
    """A NumPy array that was read. dtype: a text that numpy.dtype takes ("<f8"), "" for one of fields or of objects
    (`descr` has what it would be made of); shape; data: the bytes, or a list of values for an array of objects."""

    __slots__ = ("data", "descr", "dtype", "fortran", "shape")

    def __init__(self, descr: Any, shape: tuple[int, ...], data: Any, fortran: bool) -> None:
        self.descr = descr
        self.dtype = dtype_text(descr)
        self.shape = shape
        self.data = data
        self.fortran = fortran

    def bytes(self) -> bytes:
        return self.data.bytes() if isinstance(self.data, Raw) else bytes(self.data)


def array(value: Any) -> Array | None:
    """Return the array that an object would be, of a pickle or of joblib; None where it is none, or not well made."""
    if not isinstance(value, Object) or not isinstance(value.by, Global):
        return None
    if value.by.name == "NumpyArrayWrapper":
        return _of_joblib(value)
    if value.by.text not in ARRAY_MAKERS:
        return None
    if value.by.name == "_frombuffer":
        parts = value.args if isinstance(value.args, tuple) and len(value.args) == 4 else None
        return _made(parts[1], parts[2], parts[0], parts[3] == "F") if parts else None
    state = value.states[-1] if value.states else None
    if not isinstance(state, tuple) or len(state) != 5:
        return None
    _, shape, dtype, fortran, data = state
    return _made(dtype, shape, data, bool(fortran))


def _of_joblib(value: Object) -> Array | None:
    said = attributes(value)
    data = value.items[0] if value.items else None
    if data is None:
        return None
    return _made(said.get("dtype"), said.get("shape"), data, said.get("order") == "F")


def _made(dtype: Any, shape: Any, data: Any, fortran: bool) -> Array | None:
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        return None
    data = _bytes_of_protocol_2(data)
    return Array(dtype, shape, data, fortran) if isinstance(data, bytes | Raw | list) else None


def _bytes_of_protocol_2(value: Any) -> Any:
    """Return the bytes that older protocols write as a text and its encoding; anything else as it is."""
    if not isinstance(value, Object) or not isinstance(value.by, Global) or value.by.text != "_codecs.encode":
        return value
    match value.args:
        case (str(text), "latin1" | "latin-1"):
            return text.encode("latin-1", "replace")
    return value


def dtype_text(value: Any) -> str:
    """Return a plain dtype as NumPy writes it, with its order of bytes: "<f8", "|b1"."""
    if not isinstance(value, Object) or not isinstance(value.args, tuple) or not value.args:
        return ""
    name = value.args[0]
    if not isinstance(name, str) or name[:1] in ("", "V", "O", "M", "m"):
        return ""
    state = value.states[-1] if value.states else None
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else "|"
    return f"{order}{name}" if isinstance(order, str) else ""


def walk(value: Any, limit: int = 1_000_000) -> Iterator[Any]:
    """Yield a value and all within it, each object once, without recursion; at most `limit` of them."""
    seen: set[int] = set()
    todo = [value]
    while todo and limit > 0:
        one = todo.pop()
        if isinstance(one, str | bytes | int | float | bool | None):
            continue
        if id(one) in seen:
            continue
        seen.add(id(one))
        limit -= 1
        yield one
        todo.extend(reversed(_inside(one)))


def _inside(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Dict):
        return [part for pair in value.pairs for part in pair]
    if isinstance(value, Set):
        return value.items
    if isinstance(value, Object):
        pairs = [part for pair in value.pairs for part in pair]
        return [value.by, value.args, value.kwargs, *value.states, *value.items, *pairs]
    return []
