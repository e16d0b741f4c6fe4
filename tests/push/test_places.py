"""Where a commit's own DVC config leads, told from what it led to before."""

from __future__ import annotations

import pytest

from tests.push.conftest import World
from trinity_guard.push import places


@pytest.mark.parametrize(
    ("config", "place"),
    [
        (b"[core]\n    remote = s\n['remote \"s\"']\n    url = s3://b\n", ("s3://b", None)),
        (
            b"[core]\n    remote = S\n['remote \"s\"']\n    url = s3://b\n    endpointurl = http://h\n",
            ("s3://b", "http://h"),
        ),
        (b"[core]\n    remote = s\n", None),
        (b"['remote \"s\"']\n    url = s3://b\n", None),
        (b"", None),
        (b"[broken\n", None),
        (b"\xff\xfe", None),
    ],
)
def test_what_names_no_remote_goes_to_the_default_one(config: bytes, place: tuple[object, ...] | None) -> None:
    assert places.place_in(config, b".dvc/config") == place


def test_the_place_of_a_blob_is_that_of_its_bytes(world: World) -> None:
    oid = world.repo.git("rev-parse", "HEAD:.dvc/config").stdout.strip()
    assert places.default_place(oid, b".dvc/config") == (str(world.storage), None)
