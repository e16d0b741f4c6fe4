"""What an exception of a client library means: which step failed, whether the rest would fail too, what is shown."""

from __future__ import annotations

import errno
import importlib

import pytest

from trinity_guard.remotes import failures

# The classes that the libraries raise, each by its own name or by that of a class that it inherits from.
CLASSES = {
    "plugin": ["builtins.ModuleNotFoundError", "dvc_objects.fs.errors.RemoteMissingDepsError"],
    "tls": [
        "ssl.SSLCertVerificationError",
        "botocore.exceptions.SSLError",
        "aiohttp.ClientConnectorSSLError",
        "aiohttp.ClientConnectorCertificateError",
    ],
    "name": ["socket.gaierror", "aiohttp.ClientConnectorDNSError"],
    "credentials": [
        "botocore.exceptions.NoCredentialsError",
        "botocore.exceptions.PartialCredentialsError",
        "botocore.exceptions.CredentialRetrievalError",
        "botocore.exceptions.ProfileNotFound",
        "botocore.exceptions.TokenRetrievalError",
        "botocore.exceptions.SSOTokenLoadError",
        "botocore.exceptions.UnauthorizedSSOTokenError",
        "azure.core.exceptions.ClientAuthenticationError",
        "azure.identity.CredentialUnavailableError",
        "dvc_azure.AzureAuthError",
        "google.auth.exceptions.DefaultCredentialsError",
        "google.auth.exceptions.RefreshError",
        "asyncssh.PermissionDenied",
        "asyncssh.KeyImportError",
        "asyncssh.KeyEncryptionError",
        "asyncssh.HostKeyNotVerifiable",
    ],
    "timeout": [
        "builtins.TimeoutError",
        "asyncio.TimeoutError",
        "fsspec.exceptions.FSTimeoutError",
        "botocore.exceptions.ConnectTimeoutError",
        "botocore.exceptions.ReadTimeoutError",
        "aiohttp.ConnectionTimeoutError",
        "aiohttp.SocketTimeoutError",
        "aiohttp.ServerTimeoutError",
        "httpx.ConnectTimeout",
        "httpx.ReadTimeout",
        "httpx.WriteTimeout",
        "httpx.PoolTimeout",
        "requests.ReadTimeout",
        "requests.ConnectTimeout",
        "azure.core.exceptions.ServiceResponseTimeoutError",
    ],
    "connect": [
        "builtins.ConnectionRefusedError",
        "builtins.BrokenPipeError",
        "aiohttp.ClientConnectorError",
        "aiohttp.ServerDisconnectedError",
        "aiohttp.ClientPayloadError",
        "aiohttp.ClientOSError",
        "botocore.exceptions.EndpointConnectionError",
        "botocore.exceptions.ConnectionClosedError",
        "botocore.exceptions.HTTPClientError",
        "httpx.ConnectError",
        "httpx.ReadError",
        "httpx.WriteError",
        "httpx.RemoteProtocolError",
        "azure.core.exceptions.ServiceRequestError",
        "azure.core.exceptions.ServiceResponseError",
        "azure.core.exceptions.IncompleteReadError",
        "asyncssh.ConnectionLost",
        "asyncssh.SFTPConnectionLost",
        "asyncssh.SFTPNoConnection",
        "urllib3.exceptions.ProtocolError",
        "http.client.IncompleteRead",
    ],
    "config": ["dvc.config.RemoteNotFoundError", "botocore.exceptions.NoRegionError", "voluptuous.Invalid"],
}


@pytest.mark.parametrize(("step", "name"), [(step, name) for step, names in CLASSES.items() for name in names])
def test_each_class_means_one_step(step: str, name: str) -> None:
    module, _, kind = name.rpartition(".")
    names = {base.__name__ for base in getattr(importlib.import_module(module), kind).__mro__}
    assert next(s for s, classes in failures.CLASSES.items() if names & classes) == step


def test_a_class_counts_behind_another_exception_too() -> None:
    outer = RuntimeError("it failed")
    outer.__cause__ = ModuleNotFoundError("s3fs")
    assert failures.step_of(outer) == "plugin"
    during = ValueError("it failed")
    during.__context__ = TimeoutError()
    assert failures.step_of(during) == "timeout"


class Told(Exception):  # noqa: N818  # stands for what a library raises
    """An exception that carries a code, as most libraries' do."""

    def __init__(self, text: str = "", **facts: object) -> None:
        super().__init__(text)
        self.__dict__.update(facts)


@pytest.mark.parametrize(
    ("error", "doing", "step"),
    [
        (Told(response={"Error": {"Code": "NoSuchBucket"}}), "read", "bucket"),
        (Told(error_code="ContainerNotFound"), "read", "bucket"),
        (Told(response={"Error": {"Code": "SignatureDoesNotMatch"}}), "write", "credentials"),
        (Told(status=401), "write", "credentials"),
        (Told(status=403), "read", "credentials"),
        (Told(status=403), "write", "write"),
        (Told("Forbidden: bucket/object"), "read", "credentials"),
        (Told("Forbidden: bucket/object"), "delete", "delete"),
        (PermissionError(), "read", "credentials"),
        (PermissionError(), "write", "write"),
        (Told(status=404), "write", "bucket"),
        (Told(status=404), "read", "read"),
        (FileNotFoundError(), "write", "bucket"),
        (FileNotFoundError(), "read", "read"),
        (Told(status=500), "read", "busy"),
        (Told(status=429), "write", "busy"),
        (Told(response={"Error": {"Code": "SlowDown"}}), "write", "busy"),
        (Told(status=507), "write", "full"),
        (OSError(errno.ENOSPC, "no room"), "write", "full"),
        (Told(status=405), "write", "method"),
        (Told(status=405), "read", "read"),
        (Told(status=418), "read", "read"),
        (OSError(errno.EHOSTUNREACH, "no route"), "read", "connect"),
        (Told("Cannot connect: [SSL: WRONG_VERSION_NUMBER]"), "read", "tls"),
        (Told("certificate: CERTIFICATE_VERIFY_FAILED"), "read", "tls"),
        (ConnectionError("Too many authentication failures"), "read", "credentials"),
        (Told("[Errno -2] Name or service not known"), "read", "name"),
        (ExceptionGroup("several", [ValueError(), TimeoutError()]), "read", "timeout"),
        (ValueError(), "other", "other"),
    ],
)
def test_codes_and_texts_say_the_step_where_classes_do_not(error: BaseException, doing: str, step: str) -> None:
    assert failures.step_of(error, doing) == step


@pytest.mark.parametrize(
    ("error", "hopeless"),
    [
        (ConnectionRefusedError(), True),  # never connected
        (ConnectionResetError(), False),  # bad luck, perhaps
        (TimeoutError(), False),
        (Told(status=401), True),
        (Told(status=500), False),
        (Told(status=429), False),
        (Told(status=507), False),  # a smaller one may find room
        (Told(status=405), True),
    ],
)
def test_what_would_fail_for_the_next_object_too(error: BaseException, hopeless: bool) -> None:
    assert failures.hopeless(error, failures.step_of(error, "write")) is hopeless


def test_a_code_is_shown_and_never_a_library_s_own_text() -> None:
    secret = Told("https://user:hunter2@host", status=503)
    assert failures.status_of(secret) == "503"
    assert failures.status_of(Told("hunter2", code="not; a code")) == "Told"
    assert failures.status_of(OSError(errno.ENOSPC, "hunter2")) == "No space left on device"
    error = failures.error_of(secret, "storage", "https://host", "read")
    problem = "the remote 'storage' (https://host): it answered with an error of its own, or has too much to do (503)"
    assert (error.step, error.problem) == ("busy", problem)
    assert failures.reason_of(ConnectionResetError(), "write").startswith("connection lost: ")


@pytest.mark.parametrize(
    ("step", "scheme", "remedy"),
    [
        ("credentials", "gs", "gcloud auth application-default login"),
        ("credentials", "webdav", "dvc remote modify --local storage password"),
        ("bucket", "s3", "dvc remote modify storage url"),
        ("timeout", "s3", "trinity-guard remote check storage"),
        ("busy", "https", "trinity-guard remote check storage     # in a while"),
        ("full", "webdav", "trinity-guard push --pending     # once"),
        ("method", "https", "dvc remote modify storage method PUT"),
        ("method", "webdav", "trinity-guard remote check storage     # says"),
    ],
)
def test_each_step_has_its_command(step: str, scheme: str, remedy: str) -> None:
    assert failures.remedy_of(step, "storage", scheme).startswith(remedy)


def test_a_plug_in_that_lacks_is_named_with_the_line_that_installs_it() -> None:
    error = failures.error_of(ModuleNotFoundError("s3fs"), "storage", "s3://bucket")
    assert error.problem == "the remote 'storage' (s3://bucket) needs dvc-s3, which is not installed"
    assert "dvc-s3" in error.remedy
