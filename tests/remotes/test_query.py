"""What a remote holds: asked object by object or listed, whichever costs less; absent is told from unknown."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from trinity_guard.dvcrepo.output import LEGACY
from trinity_guard.remotes import query

MD5S = [hashlib.md5(b"%d" % n).hexdigest() for n in range(200)]


class Asked(query.RemoteStore):
    """A remote with these objects, which counts what it is asked."""

    def __init__(self, held: dict[str, int], scheme: str = "s3") -> None:
        class Files:
            jobs = 4
            fs: Any = None

            def join(self, *parts: str) -> str:
                return "/".join(parts)

        super().__init__(Files(), "bucket", scheme)
        self.held = {self.path(md5): size for md5, size in held.items()}
        self.wrong: BaseException | None = None
        self.questions = 0

    def refresh(self) -> None: ...

    def info(self, paths: Sequence[str], on_each: Callable[[int], None]) -> list[Any]:
        self.questions += len(paths)
        missing = self.wrong or FileNotFoundError("404")
        return [self.held.get(path, missing) for path in paths]


def found(remote: Asked, md5s: Sequence[str]) -> dict[str, int]:
    told: dict[str, int] = {}
    query.sizes(remote, md5s, told.update)
    return told


@pytest.fixture(autouse=True)
def the_bucket_is_there(monkeypatch: pytest.MonkeyPatch) -> list[query.RemoteStore]:
    """Say so, and note who asked."""
    asked: list[query.RemoteStore] = []
    monkeypatch.setattr(query, "check_base", asked.append)
    return asked


def listing(monkeypatch: pytest.MonkeyPatch, remote: Asked) -> list[str]:
    """Let a listing answer as the objects say; return the prefixes that are listed."""
    prefixes: list[str] = []

    def listed(_: object, some: Sequence[str]) -> list[dict[str, int]]:
        prefixes.extend(some)
        names = {"".join(path.split("/")[-2:]): size for path, size in remote.held.items()}
        return [{md5: size for md5, size in names.items() if md5.startswith(prefix)} for prefix in some]

    monkeypatch.setattr(query, "_listed", listed)
    return prefixes


def test_what_is_there_has_its_size_and_what_is_not_is_left_out() -> None:
    remote = Asked({MD5S[0]: 5, MD5S[1]: 0})
    assert found(remote, MD5S[:4]) == {MD5S[0]: 5, MD5S[1]: 0}


@pytest.mark.parametrize("error", [PermissionError(), TimeoutError(), ConnectionResetError(), ValueError("500")])
def test_what_is_not_plainly_absent_is_unknown(error: BaseException) -> None:
    remote = Asked({MD5S[0]: 5})
    remote.wrong = error
    with pytest.raises(type(error)):
        found(remote, MD5S[:4])


@pytest.mark.parametrize(
    ("error", "absent"),
    [
        (FileNotFoundError(), True),
        (NotADirectoryError(), True),
        (PermissionError(), False),
        (OSError(), False),
    ],
)
def test_absent_is_only_what_says_so_for_certain(error: BaseException, absent: bool) -> None:
    assert query.absent(error) is absent


def test_not_found_for_want_of_the_bucket_is_no_absent_object() -> None:
    error = FileNotFoundError("NoSuchBucket")
    error.code = "NoSuchBucket"  # type: ignore[attr-defined]
    assert not query.absent(error)
    behind = FileNotFoundError("bucket/object")
    behind.__cause__ = ConnectionRefusedError()
    assert not query.absent(behind)


def test_nothing_found_at_all_makes_sure_that_there_is_a_bucket(
    the_bucket_is_there: list[query.RemoteStore],
) -> None:
    found(Asked({MD5S[0]: 5}), MD5S[:2])
    assert the_bucket_is_there == []
    remote = Asked({})
    assert found(remote, MD5S[:2]) == {}
    assert the_bucket_is_there == [remote]


def test_many_objects_of_a_small_bucket_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Asked(dict.fromkeys(MD5S[:150], 3))
    prefixes = listing(monkeypatch, remote)
    assert found(remote, MD5S) == dict.fromkeys(MD5S[:150], 3)
    assert (remote.questions, prefixes) == (0, ["000", ""])


def test_few_are_asked_one_by_one_and_so_are_many_of_a_huge_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = {f"000{n:029x}": 1 for n in range(500)}  # in one of 4,096 prefixes: two million in all
    remote = Asked({MD5S[0]: 5, **huge})
    prefixes = listing(monkeypatch, remote)
    assert found(remote, MD5S[: query.FEW]) == {MD5S[0]: 5}
    assert prefixes == []
    assert found(remote, MD5S) == {MD5S[0]: 5}
    assert (remote.questions, prefixes) == (query.FEW + 200, ["000"])


def test_a_listing_that_is_not_allowed_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> list[dict[str, int]]:
        raise PermissionError

    monkeypatch.setattr(query, "_listed", refused)
    remote = Asked({MD5S[0]: 5})
    assert found(remote, MD5S) == {MD5S[0]: 5}
    assert remote.questions == 200


def test_other_kinds_are_never_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Asked({MD5S[0]: 5}, "webdav")
    prefixes = listing(monkeypatch, remote)
    assert found(remote, MD5S) == {MD5S[0]: 5}
    assert prefixes == []


def test_objects_of_dvc_2_are_asked_for_where_it_kept_them() -> None:
    legacy = LEGACY + MD5S[0]
    remote = Asked({legacy: 7})
    assert found(remote, [legacy, MD5S[0]]) == {legacy: 7}


# ---- other bytes under the right name

NAME = MD5S[0]
PATH = f"bucket/store/files/md5/{NAME[:2]}/{NAME[2:]}"
RIGHT, WRONG = bytes.fromhex(NAME), bytes(16)


def told(scheme: str, info: dict[str, object], path: str = PATH, **head: str) -> object:
    remote = Asked({}, scheme)
    heads: list[dict[str, str]] = []

    class Client:
        def call_s3(self, *_: object, **words: str) -> dict[str, str]:
            heads.append(words)
            return head

    remote.fs.fs = Client()
    first, again = (remote.told(path, {"size": 3, **info}) for _ in range(2))
    assert type(first) is type(again)
    assert len(heads) <= (1 if head else 2)  # where ETags are no md5s, once is enough
    return first


@pytest.mark.parametrize(
    ("scheme", "info"),
    [
        ("s3", {"ETag": f'"{NAME}"'}),
        ("s3", {"ETag": f'"{WRONG.hex()}-2"'}),  # in parts
        ("s3", {"ETag": ""}),
        ("gs", {"md5Hash": base64.b64encode(RIGHT).decode(), "etag": "CJ=="}),
        ("gs", {}),
        ("azure", {"content_settings": {"content_md5": bytearray(RIGHT)}}),
        ("azure", {"content_settings": {"content_md5": None}}),
        ("azure", {"content_settings": None}),
        ("webdav", {"etag": WRONG.hex()}),
    ],
)
def test_what_a_service_does_not_tell_is_not_held_against_an_object(scheme: str, info: dict[str, object]) -> None:
    assert told(scheme, info) == 3


@pytest.mark.parametrize(
    ("scheme", "info"),
    [
        ("s3", {"ETag": f'"{WRONG.hex()}"'}),
        ("gs", {"md5Hash": base64.b64encode(WRONG).decode()}),
        ("azure", {"content_settings": {"content_md5": bytearray(WRONG)}}),
    ],
)
def test_other_bytes_of_the_right_size_are_not_the_object(scheme: str, info: dict[str, object]) -> None:
    missing = told(scheme, info)
    assert isinstance(missing, FileNotFoundError)
    assert query.absent(missing)
    assert isinstance(told(scheme, info, f"{PATH}.dir"), FileNotFoundError)
    # What DVC 2 wrote has the md5 of a text with other line ends; a temporary file has no md5 for a name.
    assert told(scheme, info, PATH.replace("files/md5/", "")) == 3


def test_who_may_list_and_not_ask_learns_nothing_against_an_object() -> None:
    class Client:
        def call_s3(self, *_: object, **__: str) -> dict[str, str]:
            raise PermissionError

    remote = Asked({}, "s3")
    remote.fs.fs = Client()
    assert remote.told(PATH, {"size": 3, "ETag": WRONG.hex()}) == 3


@pytest.mark.parametrize("head", [{"ServerSideEncryption": "aws:kms"}, {"SSECustomerAlgorithm": "AES256"}])
def test_etags_of_encrypted_objects_say_nothing(head: dict[str, str]) -> None:
    assert told("s3", {"ETag": f'"{WRONG.hex()}"'}, **head) == 3
    assert told("s3", {"ETag": f'"{WRONG.hex()}"'}, PATH.replace("bucket", "b--x-s3"), StorageClass="EXPRESS") == 3
