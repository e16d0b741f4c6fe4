"""Credentials in addresses are told, and left out of what is shown; all else of an address stays."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trinity_guard.dvcrepo import urls


@given(
    st.sampled_from(["https://", "ssh://", "webdavs://", "s3://"]),
    st.text("abcde", min_size=1, max_size=5),
    st.text("qwz", min_size=9, max_size=12),
    st.sampled_from(["h", "h:22", "h/x", "h:22/x?a=1", "h/x?a=1&sig=zzzzzzzzzzzz"]),
)
@example("https://", "me", "qwzqwz/qwzqwz", "h/x")
def test_an_address_without_its_secret_keeps_all_else(scheme: str, user: str, password: str, rest: str) -> None:
    url = f"{scheme}{user}:{password}@{rest}"
    assert urls.secret_in(url) == "password"
    shown = urls.without_secret(url)
    assert shown == f"{scheme}{user}@{rest}".replace("&sig=zzzzzzzzzzzz", "")
    assert urls.secret_in(shown) == ""
    assert urls.password_of(url) == (f"{scheme}{user}@{rest}", password)


def test_an_address_without_secrets_is_shown_as_it_is() -> None:
    for url in ("s3://b/a:b@c", "/srv/x", "https://me@h/x?a=1#f", "ssh://[::1]:22/x", "me@host:/x", ""):
        assert urls.secret_in(url) == ""
        assert urls.without_secret(url) == url


@given(st.text("%a0fé+ xG", max_size=12))
def test_percent_signs_are_read_as_urllib_does(text: str) -> None:
    from urllib.parse import unquote

    assert urls.password_of(f"https://me:x{text}@h") == ("https://me@h", unquote("x" + text))


@pytest.mark.parametrize(
    ("url", "kind", "shown"),
    [
        ("https://me:pw@h/x", "password", "https://me@h/x"),
        ("https://:pw@h/x", "password", "https://@h/x"),
        ("me:pw@host:/x", "password", "me@host:/x"),
        ("https://me:p@w@h/x", "password", "https://me@h/x"),
        ("https://me:p/w@h/x?a=1", "password", "https://me@h/x?a=1"),
        ("https://ghp_abc@h/x", "password", "https://h/x"),
        ("https://glpat-abc:x-oauth-basic@h/x", "password", "https://h/x"),
        ("https://h/x?sig=abc", "signature", "https://h/x"),
        ("https://h/x?a=1&X-Amz-Signature=abc&b=2", "signature", "https://h/x?a=1&b=2"),
        ("https://h/x?a=1;TOKEN=abc", "signature", "https://h/x?a=1"),
        ("https://h/x?%73ig=abc#f", "signature", "https://h/x"),
        ("https://me@h/x? sig =abc", "signature", "https://me@h/x"),
        ("https://h/x?sig=", "", "https://h/x?sig="),
        ("https://h/x?sig", "", "https://h/x?sig"),
        ("https://h/x#sig=abc", "", "https://h/x#sig=abc"),
        ("https://h/x?design=abc", "", "https://h/x?design=abc"),
        ("https://me:@h/x", "", "https://me:@h/x"),
        ("https://h:80/a:b@c", "", "https://h:80/a:b@c"),
        ("https://[::1]:80/a@c", "", "https://[::1]:80/a@c"),
        ("https://[::1]/a@c", "", "https://[::1]/a@c"),
        ("https://me:pw@[::1]:80/a@c", "password", "https://me@[::1]:80/a@c"),
        ("https://h/a:b@c", "", "https://h/a:b@c"),
        ("https://h?a:b@c", "", "https://h?a:b@c"),
    ],
)
def test_what_an_address_gives_away_is_told_and_left_out(url: str, kind: str, shown: str) -> None:
    assert urls.secret_in(url) == kind
    assert urls.without_secret(url) == shown


@pytest.mark.parametrize(
    ("url", "without", "password"),
    [
        ("https://me:p%40%2f@h/x", "https://me@h/x", "p@/"),
        ("ssh://me:%zz%4@h", "ssh://me@h", "%zz%4"),
        ("ssh://me:caf%c3%a9%ff@h", "ssh://me@h", "café\ufffd"),
        ("https://me@h/x", "https://me@h/x", ""),
        ("https://me:@h/x", "https://me:@h/x", ""),
        ("/srv/x", "/srv/x", ""),
    ],
)
def test_a_password_is_taken_out_as_its_server_is_told_it(url: str, without: str, password: str) -> None:
    assert urls.password_of(url) == (without, password)


def test_an_address_without_its_user() -> None:
    assert urls.without_user("ssh://me:word@host:22/x@y") == "ssh://host:22/x@y"
    assert urls.without_user("s3://bucket/x") == "s3://bucket/x"
