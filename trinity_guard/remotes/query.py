"""What a remote holds, asked in the worker: one question an object, or a listing where that costs less."""

from __future__ import annotations

import base64

from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import LEGACY, is_md5
from trinity_guard.remotes.failures import step_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    News = Callable[[dict[str, int]], None]

# Fewer objects than this are asked for one by one without a thought.
FEW = 48
# A page of a listing (1,000 objects) costs as much as this many single questions (DVC's own weight).
PAGE, WEIGHT = 1000, 5
# Most pages that one of the listings which run side by side should need.
PAGES_EACH = 5
BATCHES = 25


class RemoteStore:
    """A remote as DVC opens it. fs: DVC's file system; base: the path that the remote names; scheme: the URL's."""

    def __init__(self, fs: Any, base: str, scheme: str) -> None:
        self.fs = fs
        self.base = base
        self.scheme = scheme
        self.etags = True  # none of S3's has turned out to be something else

    @property
    def is_object_store(self) -> bool:
        return self.scheme in ("s3", "gs", "azure")

    def path(self, md5: str) -> str:
        return self.join(*odb.parts_of(md5))

    def join(self, *parts: str) -> str:
        return str(self.fs.join(self.base, *parts))

    def refresh(self) -> None:
        """Forget all listings: what was there a moment ago is no answer."""
        self.fs.fs.invalidate_cache()

    def info(self, paths: Sequence[str], on_each: Callable[[int], None]) -> list[Any]:
        """Return for each path its size, or the exception that the question ended in."""
        from fsspec import Callback

        class Each(Callback):  # type: ignore[misc]
            def relative_update(self, inc: int = 1) -> None:
                on_each(inc)

        if self.scheme in ("http", "https"):
            return _http_sizes(self.fs, paths, on_each)
        infos = self.fs.info(list(paths), callback=Each(), batch_size=self.fs.jobs, return_exceptions=True)
        return [i if isinstance(i, BaseException) else self.told(p, i) for p, i in zip(paths, infos, strict=True)]

    def told(self, path: str, info: dict[str, Any]) -> Any:
        """Return an object's size, -1 for none; FileNotFoundError where its bytes are others than its name says."""
        name = "".join(path.split("/")[-2:]).removesuffix(".dir")
        if "/files/md5/" in path and _md5_of(info) not in ("", name) and self._tells_md5s(path):
            return FileNotFoundError(path)
        return _size(info)

    def _tells_md5s(self, path: str) -> bool:
        """Whether S3's ETag of an object is the md5 of its bytes: it is not where it is encrypted by a key of KMS's."""
        bucket, _, key = path.lstrip("/").partition("/")
        if self.scheme != "s3" or not self.etags:
            return self.etags
        try:
            head = self.fs.fs.call_s3("head_object", Bucket=bucket, Key=key)
        except Exception:  # noqa: BLE001  # may list, and may not ask: that says nothing against an object
            self.etags = False
            return False
        plain = head.get("ServerSideEncryption", "AES256") == "AES256" and "SSECustomerAlgorithm" not in head
        self.etags = plain and not bucket.endswith("--x-s3")  # S3 Express has others
        return self.etags


def _md5_of(info: dict[str, Any]) -> str:
    """Return the md5 that a service tells of an object's bytes; "" where it tells none, as of what came in parts."""
    etag = str(info.get("ETag", "")).strip('"').lower()
    if is_md5(etag):
        return etag
    of_azure = (info.get("content_settings") or {}).get("content_md5")
    return bytes(of_azure or base64.b64decode(info.get("md5Hash") or "")).hex()


def _size(info: dict[str, Any]) -> int:
    if info.get("type") == "directory":
        return -1
    size = info.get("size")
    return int(size) if size is not None else -1


def sizes(store: RemoteStore, md5s: Sequence[str], on_news: News) -> None:
    """Tell the sizes of the objects that are there. Raises what a question ended in, unless it is "not there"."""
    store.refresh()
    found = 0

    def tell(news: dict[str, int]) -> None:
        nonlocal found
        found += len(news)
        on_news(news)

    plain = [md5 for md5 in md5s if not md5.startswith(LEGACY)]
    if not (store.is_object_store and len(plain) > FEW and _by_listing(store, plain, tell)):
        _one_by_one(store, plain, tell)
    _one_by_one(store, [md5 for md5 in md5s if md5.startswith(LEGACY)], tell)
    if not found:
        check_base(store)


def _one_by_one(store: RemoteStore, md5s: Sequence[str], on_news: News) -> None:
    step = max(BATCHES * store.fs.jobs, 1)
    for start in range(0, len(md5s), step):
        some = md5s[start : start + step]
        answers = store.info([store.path(md5) for md5 in some], lambda _: on_news({}))
        unknown = next((a for a in answers if isinstance(a, BaseException) and not absent(a)), None)
        if unknown is not None:
            raise unknown
        on_news({md5: a for md5, a in zip(some, answers, strict=True) if not isinstance(a, BaseException)})


def absent(error: BaseException) -> bool:
    """Whether an exception says, and says for certain, that there is no such object."""
    return isinstance(error, (FileNotFoundError, NotADirectoryError)) and step_of(error, "read") == "read"


def _by_listing(store: RemoteStore, md5s: Sequence[str], on_news: News) -> bool:
    """Answer from listings; False, with nothing told, where single questions are cheaper or listing is not allowed."""
    try:
        # md5s are spread evenly: the objects below one of 4,096 prefixes tell how many there are in all.
        sample = len(_listed(store, ["000"])[0])
        pages = (sample + 1) * 4096 / PAGE
        if pages * WEIGHT > len(md5s):
            return False
        digits = next(n for n in (0, 1, 2, 3) if pages / 16**n <= PAGES_EACH or n == 3)
        prefixes = sorted({md5[:digits] for md5 in md5s})
        step = max(store.fs.jobs, 1)
        wanted = set(md5s)
        for start in range(0, len(prefixes), step):
            some = prefixes[start : start + step]
            held: dict[str, int] = {}
            for listed in _listed(store, some):
                held.update((md5, size) for md5, size in listed.items() if md5 in wanted)
            on_news(held)
    except Exception:  # noqa: BLE001  # listing needs rights that reading does not; the single questions decide
        return False
    return True


def _listed(store: RemoteStore, prefixes: Iterable[str]) -> list[dict[str, int]]:
    """Return md5 -> size of the objects whose md5 starts with each prefix."""
    import asyncio

    from dvc_objects.executors import batch_coros
    from fsspec.asyn import get_loop

    root = store.join("files", "md5")
    client = store.fs.fs
    coroutines = []
    for prefix in prefixes:
        folder, rest = (f"{root}/{prefix[:2]}", prefix[2:]) if len(prefix) >= 2 else (root, prefix)
        coroutines.append(client._find(folder, prefix=rest, detail=True))
    running = asyncio.run_coroutine_threadsafe(batch_coros(coroutines, batch_size=store.fs.jobs), get_loop())
    found = []
    for entries in running.result():
        names = entries.items() if isinstance(entries, dict) else ()
        told = [(name, store.told(name, info)) for name, info in names]
        found.append({"".join(n.split("/")[-2:]): t for n, t in told if not isinstance(t, BaseException)})
    return found


# --- is it there at all


def check_base(store: RemoteStore) -> None:
    """Raise when the bucket, container or base collection does not exist: then nothing is known of its objects."""
    missing = FileNotFoundError("NoSuchBucket")
    missing.code = "NoSuchBucket"  # type: ignore[attr-defined]
    if store.is_object_store and not _bucket_exists(store):
        raise missing
    if store.scheme.startswith("webdav"):
        try:
            store.fs.fs.info("")
        except FileNotFoundError:
            raise missing from None


def _bucket_exists(store: RemoteStore) -> bool:
    """Whether the bucket is there; True where we may not ask."""
    client = store.fs.fs
    bucket = store.base.lstrip("/").partition("/")[0]
    try:
        if store.scheme == "s3":
            client.call_s3("head_bucket", Bucket=bucket)
        elif store.scheme == "gs":
            client.call("GET", "b/{}/o", bucket, maxResults=1, json_out=True)
        else:
            return bool(client.exists(bucket))
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    return True


class NotTheObject(Exception):  # noqa: N818  # what the answer is
    """An answer of 200 that is something else: a page to sign in at."""


def _http_sizes(fs: Any, paths: Sequence[str], on_each: Callable[[int], None]) -> list[Any]:
    """HEAD each path: fsspec's own `info` calls every failure, an answer of 500 too, "not found".

    Where a server does not take that (405), or does not tell the length, the first byte is asked for.
    """
    import asyncio

    from dvc_objects.executors import batch_coros
    from fsspec.asyn import get_loop

    client = fs.fs

    async def one(path: str) -> Any:
        session, url = await client.set_session(), client.encode_url(path)
        async with await session.head(url, allow_redirects=True, headers=PLAIN) as answer:
            on_each(1)
            found = -1 if answer.status in NO_HEAD else _http_size(answer, path)
        if found != -1:
            return found
        async with session.get(url, headers={**PLAIN, "Range": "bytes=0-0"}) as answer:
            return await _by_first_byte(answer, path)

    coroutines = batch_coros([one(p) for p in paths], batch_size=fs.jobs, return_exceptions=True)
    return list(asyncio.run_coroutine_threadsafe(coroutines, get_loop()).result())


# Of what a page is told by: more of it is not read.
GLANCE = 64 << 10
PLAIN = {"Accept-Encoding": "identity"}
NO_HEAD = (400, 403, 405, 501)  # a signed address is good for GET alone, and says 403


def _http_size(answer: Any, path: str) -> Any:
    """Return the size that an answer tells, -1 for none, FileNotFoundError where there is nothing."""
    if answer.status in (404, 410):
        return FileNotFoundError(path)
    answer.raise_for_status()
    _refuse_page(answer, path)
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and "Content-Encoding" not in answer.headers else -1


def _refuse_page(answer: Any, path: str) -> None:
    """Refuse an answer from another address, whose end is not the object's, in the object's place."""
    if answer.history and answer.url.path.rpartition("/")[2] != path.rpartition("/")[2]:
        raise NotTheObject(str(answer.url.origin()))


async def _by_first_byte(answer: Any, path: str) -> Any:
    """Return an object's size by what GET says; FileNotFoundError where there is none, -1 where it tells no length."""
    if answer.status == 416:  # there is no first byte
        return 0
    whole = answer.headers.get("Content-Range", "").rpartition("/")[2]
    size = _http_size(answer, path)
    if isinstance(size, FileNotFoundError):
        return size
    if answer.status == 206:
        return int(whole) if whole.isdigit() else -1
    if size == -1:
        await _refuse_other_bytes(answer, path)
    return size


async def _refuse_other_bytes(answer: Any, path: str) -> None:
    """Refuse a short answer of unknown length whose md5 is not the object's name, and a page of any length."""
    import hashlib

    data = b""
    while len(data) <= GLANCE and (piece := await answer.content.read(GLANCE)):
        data += piece
    name = "".join(path.split("/")[-2:]).removesuffix(".dir")
    short = len(data) <= GLANCE and hashlib.md5(data, usedforsecurity=False).hexdigest() != name
    if (short and "files/md5/" in path) or answer.content_type == "text/html":
        raise NotTheObject(str(answer.url.origin()))
