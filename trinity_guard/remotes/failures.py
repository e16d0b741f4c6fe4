"""What an exception of a client library means: the step that failed, in plain words. No text of theirs is shown."""

from __future__ import annotations

import os
from errno import EDQUOT, ENOSPC

from trinity_guard.dvcrepo import installation
from trinity_guard.remotes.base import PACKAGES, RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Steps at which the remote as a whole fails, not one object.
WHOLE = frozenset(
    ("plugin", "config", "name", "connect", "tls", "credentials", "bucket", "timeout", "page", "busy", "full", "method")
)
# Of these the next object may fare better: a while later, or as a smaller one.
_PASSING = frozenset({"timeout", "busy", "full"})
# Never connected; a connection that broke on the way may have been bad luck.
_NEVER = {
    "ConnectionRefusedError", "ClientConnectorError", "EndpointConnectionError", "ConnectError", "ServiceRequestError",
}  # fmt: skip
# The classes by which the libraries say it, those of their subclasses included: botocore's, aiohttp's, httpx's,
# azure's, google's, asyncssh's, fsspec's and DVC's.
_NAMES = {
    "plugin": "ImportError RemoteMissingDepsError",
    "page": "NotTheObject",
    "tls": "SSLError",
    "name": "gaierror ClientConnectorDNSError",
    "credentials": "NoCredentialsError PartialCredentialsError CredentialRetrievalError ProfileNotFound "
    "TokenRetrievalError SSOTokenLoadError UnauthorizedSSOTokenError ClientAuthenticationError AuthError "
    "DefaultCredentialsError RefreshError PermissionDenied KeyImportError KeyEncryptionError HostKeyNotVerifiable",
    "timeout": "Timeout TimeoutError TimeoutException ConnectTimeoutError ReadTimeoutError ServiceResponseTimeoutError",
    "connect": "ConnectionError ClientConnectionError ClientPayloadError HTTPClientError NetworkError ProtocolError "
    "ServiceRequestError ServiceResponseError DisconnectError SFTPConnectionLost SFTPNoConnection IncompleteRead "
    "IncompleteReadError",
    "config": "ConfigError Invalid NoRegionError",
}
# The first step that holds for any link of the chain: a more exact word wins over what it is wrapped in.
CLASSES = {step: frozenset(names.split()) for step, names in _NAMES.items()}
_BUCKET_CODES = {"NoSuchBucket", "ContainerNotFound", "InvalidBucketName", "NoSuchContainer"}
_WRONG_KEY_CODES = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AuthFailure",
    "AuthenticationFailed", "AuthorizationFailure", "InvalidClientTokenId", "UnrecognizedClientException",
    "AuthorizationHeaderMalformed",
}  # fmt: skip
# The server's own trouble, which passes or is for whoever runs it: no key and no setting of the user's helps.
_BUSY_CODES = {
    "429", "500", "502", "503", "504", "SlowDown", "ServiceUnavailable", "InternalError", "ServerBusy", "Throttling",
    "RequestLimitExceeded", "OperationTimedOut",
}  # fmt: skip
_FULL_CODES = {"507", "QuotaExceeded", "XMinioStorageFull"}
_METHOD_CODES = {"405", "501"}
_UNREACHABLE = {101, 110, 111, 112, 113}  # ENETUNREACH, ETIMEDOUT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH

_WORDS = {
    "name": "its host's name is not known",
    "connect": "it cannot be reached: the connection was refused or lost",
    "tls": "no secure connection: its certificate was not accepted",
    "credentials": "it did not accept the credentials, or there are none",
    "bucket": "its bucket, container or folder does not exist",
    "timeout": "it did not answer in time",
    "page": "in the place of an object it gives a page: is there somewhere to sign in?",
    "config": "its settings are not valid",
    "busy": "it answered with an error of its own, or has too much to do",
    "full": "it has no room left",
    "method": "it takes no files by the method that they were sent with",
    "read": "reading from it failed",
    "write": "it did not take what was written",
    "delete": "it did not let an object be deleted",
    "other": "it failed",
}


def step_of(error: BaseException, doing: str = "other") -> str:
    """Return the step that an exception speaks of; `doing` (read, write, delete) where it does not say."""
    links = list(_chain(error))
    names = {base.__name__ for link in links for base in type(link).__mro__}
    texts = " ".join(str(link) for link in links)
    codes = {str(code) for link in links for code in _codes(link)}
    if codes & _WRONG_KEY_CODES or "401" in codes:
        return "credentials"
    if codes & _BUCKET_CODES:
        return "bucket"
    if names & CLASSES["plugin"]:
        return "plugin"
    if "CERTIFICATE_VERIFY_FAILED" in texts or "[SSL" in texts:
        return "tls"
    if "Too many authentication failures" in texts:
        return "credentials"  # what OpenSSH says to a client that had no key for it, and hangs up
    if "getaddrinfo" in texts or "Name or service not known" in texts or "name resolution" in texts:
        return "name"
    for step, classes in CLASSES.items():
        if names & classes:
            return step
    return _by_status(links, names, codes, doing)


def _by_status(links: list[BaseException], names: set[str], codes: set[str], doing: str) -> str:
    if any(isinstance(link, OSError) and link.errno in _UNREACHABLE for link in links):
        return "connect"
    if "SFTPPermissionDenied" in names:
        return doing  # the keys were good, the file is another's
    forbidden = any(str(link).startswith("Forbidden: ") for link in links)  # gcsfs' way to say 403
    if forbidden or "PermissionError" in names or codes & {"403", "AccessDenied", "Forbidden"}:
        # Who may read but not write has the right keys.
        return doing if doing in ("write", "delete") else "credentials"
    if doing == "write" and ("FileNotFoundError" in names or "404" in codes):
        return "bucket"
    return _by_server(links, codes, doing)


def _by_server(links: list[BaseException], codes: set[str], doing: str) -> str:
    if codes & _FULL_CODES or any(isinstance(k, OSError) and k.errno in (ENOSPC, EDQUOT) for k in links):
        return "full"
    if codes & _BUSY_CODES:
        return "busy"
    return "method" if doing == "write" and codes & _METHOD_CODES else doing


def hopeless(error: BaseException, step: str) -> bool:
    """Whether the next object would fare no better than the one that failed with this."""
    if step == "connect":
        return any(base.__name__ in _NEVER for link in _chain(error) for base in type(link).__mro__)
    return step in WHOLE and step not in _PASSING


def status_of(error: BaseException) -> str:
    """Return what may be shown of an exception: a status or a code, else its kind."""
    for link in _chain(error):
        for code in _codes(link):
            if str(code).isalnum():
                return str(code)
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return type(error).__name__


def reason_of(error: BaseException, doing: str) -> str:
    """Return why one object did not arrive or come."""
    step = step_of(error, doing)
    if step in ("connect", "timeout"):
        return f"connection lost: {_WORDS[step]} ({status_of(error)})"
    return f"{_WORDS.get(step, _WORDS['other'])} ({status_of(error)})"


def error_of(error: BaseException, name: str, url: str, doing: str = "other") -> RemoteError:
    """Return what an exception means for the remote as a whole."""
    step = step_of(error, doing)
    scheme = url.partition("://")[0].lower()
    if step == "plugin":
        package = PACKAGES.get(scheme, f"dvc-{scheme}")
        return RemoteError(
            step, f"the remote '{name}' ({url}) needs {package}, which is not installed", installation.line(package)
        )
    words = f"the remote '{name}' ({url}): {_WORDS.get(step, _WORDS['other'])} ({status_of(error)})"
    return RemoteError(step, words, remedy_of(step, name, scheme))


def remedy_of(step: str, name: str, scheme: str) -> str:
    """Return the command that mends a step."""
    if step == "credentials":
        return {
            "s3": f"aws configure     # or: dvc remote modify --local {name} access_key_id ID, secret_access_key KEY",
            "gs": "gcloud auth application-default login     # or credentialpath in .dvc/config.local",
            "azure": f"dvc remote modify --local {name} connection_string TEXT     # or: az login",
            "ssh": f"dvc remote modify --local {name} keyfile FILE     # or load the key: ssh-add",
        }.get(scheme, f"dvc remote modify --local {name} password TEXT     # and user")
    if step == "page":
        return f"dvc remote modify --local {name} user NAME     # and password, or auth; a browser shows what it wants"
    if step in ("config", "name", "bucket"):
        return f"dvc remote modify {name} url URL     # or make what it names"
    if step == "busy":
        return f"trinity-guard remote check {name}     # in a while; whoever runs it can see what it lacks"
    if step == "full":
        return "trinity-guard push --pending     # once whoever runs it has made room"
    if step == "method" and scheme in ("http", "https"):
        return f"dvc remote modify {name} method PUT     # or POST, which is DVC's own choice"
    return f"trinity-guard remote check {name}     # says which step fails"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that it was raised from or while handling, or that it groups."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]
        waiting += [a for a in link.args if isinstance(a, BaseException)]


def _codes(error: BaseException) -> list[Any]:
    """Return the codes that the libraries' errors carry: botocore's, aiohttp's, azure's, httpx's and gcsfs' own."""
    found: list[Any] = []
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        found.append(response.get("Error", {}).get("Code"))
        found.append(response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    elif response is not None:
        found.append(getattr(response, "status_code", None))
    found += [getattr(error, n, None) for n in ("error_code", "status", "status_code", "code")]
    return [getattr(f, "value", f) for f in found if isinstance(getattr(f, "value", f), (str, int)) and f != ""]
