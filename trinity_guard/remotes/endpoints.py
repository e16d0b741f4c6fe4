"""Where a remote answers: the host and port behind its address and options, as its client has them."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import safe_paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.project import RemoteConfig

# The kinds that `remote add` and `remote check` know, and what each may be told by flags.
FLAGS = {
    "": (),
    "s3": ("endpointurl", "region", "profile"),
    "gs": ("endpointurl", "projectname", "credentialpath"),
    "azure": ("account_name",),
    "ssh": ("user", "port", "keyfile"),
    "webdav": ("user",),
    "webdavs": ("user",),
    "http": ("user",),
    "https": ("user",),
}
_PORTS = {"http": 80, "webdav": 80, "https": 443, "webdavs": 443, "ssh": 22}
_NO = ("false", "0", "no", "off")


class Endpoint:
    """A server. tls: whether it is spoken to so. verify: "" does not check certificates, "yes", or a file of them.

    through: the proxy or jump host that stands between, "" for none.
    """

    __slots__ = ("host", "port", "through", "tls", "verify")

    def __init__(self, host: str, port: int, tls: bool, verify: str = "yes", through: str = "") -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self.verify = verify
        self.through = through


def of(remote: RemoteConfig) -> Endpoint | None:
    """Return where a remote answers, None for a folder and for kinds whose place cannot be told."""
    kind = safe_paths.scheme(remote.url)
    if remote.local is not None:
        return None
    if kind == "ssh":
        return _ssh(remote)
    url = _address(kind, remote)
    if not url:
        return None
    found = _parsed(url)
    if not found:
        return None
    scheme, host, port = found
    verify = remote.options.get("ssl_verify", "yes")
    verify = "" if verify.lower() in _NO else "yes" if verify.lower() == "true" else verify
    if verify == "yes":
        bundle = "AWS_CA_BUNDLE" if kind == "s3" else "REQUESTS_CA_BUNDLE"
        verify = os.environ.get(bundle) or os.environ.get("SSL_CERT_FILE") or verify
    end = Endpoint(host, port, scheme in ("https", "webdavs"), verify)
    proxy = _proxy("https" if end.tls else "http", host)
    return _behind(proxy, end) if proxy else end


def _address(kind: str, remote: RemoteConfig) -> str:
    """Return the http address of a service."""
    options, env = remote.options, os.environ
    if kind == "s3":
        scheme = "http" if options.get("use_ssl", "").lower() in _NO else "https"
        told = options.get("endpointurl") or env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
        region = options.get("region") or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or ""
        return told or f"{scheme}://s3.{region}.amazonaws.com".replace("..", ".")
    if kind == "gs":
        told = options.get("endpointurl") or env.get("STORAGE_EMULATOR_HOST") or "https://storage.googleapis.com"
        return told if "://" in told else f"http://{told}"
    if kind == "azure":
        return _azure(options)
    return remote.url if kind in _PORTS else ""


def _azure(options: dict[str, str]) -> str:
    text = options.get("connection_string") or os.environ.get("AZURE_STORAGE_CONNECTION_STRING") or ""
    parts = {k.lower(): v for k, _, v in (p.partition("=") for p in text.split(";"))}
    account = parts.get("accountname") or options.get("account_name") or os.environ.get("AZURE_STORAGE_ACCOUNT")
    if parts.get("blobendpoint"):
        return parts["blobendpoint"]
    suffix = parts.get("endpointsuffix", "core.windows.net")
    return f"{parts.get('defaultendpointsprotocol', 'https')}://{account}.blob.{suffix}" if account else ""


def _parsed(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an address; None for one that has none."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:  # no port, or no address of IPv6
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None


def _ssh(remote: RemoteConfig) -> Endpoint | None:
    """asyncssh reads ~/.ssh/config as ssh does, and ssh itself says what that means for a host."""
    found = _parsed(remote.url)
    if not found:
        return None
    _, host, port = found
    told = remote.options.get("port", "")
    end = Endpoint(host, int(told) if told.isdigit() else port, tls=False)
    explicit = told.isdigit() or end.port != _PORTS["ssh"]
    config = os.path.expanduser("~/.ssh/config")
    if os.path.exists(config):
        result = git.spawn(["ssh", "-F", config, "-G", "--", host])
        said = dict(line.partition(" ")[::2] for line in result.out.decode("utf-8", "replace").lower().splitlines())
        end.host = said.get("hostname", host)
        end.port = end.port if explicit else int(said.get("port", end.port))
        hop = said.get("proxyjump", "none") != "none" or said.get("proxycommand", "none") != "none"
        end.through = "the jump host of ~/.ssh/config" if hop else ""
    return end


def _proxy(scheme: str, host: str) -> str:
    """Return the proxy that the environment (or the system) names for a host, "" for none."""
    from urllib.request import getproxies, proxy_bypass

    return "" if proxy_bypass(host) else getproxies().get(scheme, "")


def _behind(proxy: str, end: Endpoint) -> Endpoint:
    """Return the proxy as what is connected to: it alone can reach what is behind it."""
    found = _parsed(proxy if "://" in proxy else f"http://{proxy}")
    if found:
        end.through = f"the proxy {found[1]}:{found[2]}"
        end.host, end.port, end.tls = found[1], found[2], False
    return end
