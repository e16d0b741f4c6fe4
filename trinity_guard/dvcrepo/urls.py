"""Credentials inside the addresses of remotes: told, and left out of what is shown."""

from __future__ import annotations

# A parameter of one of these names makes its holder somebody: shared access signatures, presigned addresses, tokens.
SIGNATURES = frozenset({
    "sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature", "password", "passwd", "token",
    "access_token", "private_token", "sas", "sas_token",
})  # fmt: skip
# Tokens that Git hosts take for a user name, without any password.
TOKENS = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-")


def secret_in(url: str) -> str:
    """Return what a text that may be an address gives away: "password", "signature"; "" for nothing."""
    user, _, _ = _user_of(url)
    name, colon, password = user.partition(":")
    if (colon and password) or name.startswith(TOKENS):
        return "password"
    return "signature" if any(_signs(p) for p in _parameters(url)) else ""


def without_secret(url: str) -> str:
    """Return an address for a message: the user stays, the password and all signatures go."""
    if not secret_in(url):
        return url
    user, before, after = _user_of(url)
    name = user.partition(":")[0]
    if user:
        url = f"{before}{'' if name.startswith(TOKENS) else name + '@'}{after}"
    head, mark, _ = url.partition("?")
    kept = "&".join(p for p in _parameters(url) if not _signs(p))
    return f"{head}{mark}{kept}" if kept else head


def without_user(url: str) -> str:
    """Return an address without whom it is asked as."""
    _, before, after = _user_of(url)
    return before + after


def password_of(url: str) -> tuple[str, str]:
    """Return an address without its password, and the password as its server is told it ("" for none)."""
    user, before, after = _user_of(url)
    name, _, password = user.partition(":")
    return (f"{before}{name}@{after}", _unquoted(password)) if password else (url, "")


def _user_of(url: str) -> tuple[str, str, str]:
    """Return the user part of an address (NAME or NAME:PASSWORD), and what stands before and after it."""
    scheme, mark, rest = url.partition("://")
    before, rest = (scheme + mark, rest) if mark else ("", url)
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    host = rest[:end]
    # Of an IPv6 address the colons in its brackets begin no port.
    port = (host.partition("]")[2] if host.startswith("[") else host).partition(":")[2]
    if "@" not in host and mark and port and not port.isdigit():
        # A password with a slash in it, which should have been written %2F: everything up to the last @.
        end = len(rest.partition("?")[0])
    user, at, _ = rest[:end].rpartition("@")
    return (user, before, rest[len(user) + 1 :]) if at else ("", before, rest)


def _parameters(url: str) -> list[str]:
    query = url.partition("?")[2].partition("#")[0]
    return query.replace(";", "&").split("&") if query else []


def _signs(parameter: str) -> bool:
    name, equals, value = parameter.partition("=")
    return bool(equals and value) and _unquoted(name).strip().lower() in SIGNATURES


def _unquoted(text: str) -> str:
    """As urllib.parse.unquote, whose import costs more than a bare interpreter."""
    head, *parts = text.split("%")
    pieces = [head.encode("utf-8", "surrogateescape")]
    for part in parts:
        code, rest = part[:2], part[2:]
        if len(code) < 2 or code.strip("0123456789abcdefABCDEF"):
            code, rest = "25", part
        pieces.append(bytes.fromhex(code) + rest.encode("utf-8", "surrogateescape"))
    return b"".join(pieces).decode("utf-8", "replace")
