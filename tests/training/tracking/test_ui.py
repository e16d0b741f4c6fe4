"""`trinity ui`: MLflow's pages on this project's runs, for this machine alone, gone with Ctrl-C."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.servers import free_port
from tests.helpers.support import require
from tests.training import trackable
from trinity_guard import cli
from trinity_guard.training.tracking import runs


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def said_in(folder: Path) -> str:
    return (folder.parent / "said").read_text()


@contextlib.contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A real `trinity ui`, in a session of its own; it has said its address before this goes on."""
    with (folder.parent / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "trinity_guard", "ui", "--port", str(port)],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, start_new_session=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().decode()
        printed, _, more = address.partition("     # ")
        assert (printed.startswith(f"http://127.0.0.1:{port}"), more) == (True, "Ctrl-C ends it\n"), said_in(folder)
        (folder.parent / "address").write_text(printed)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def served_by(port: int) -> list[str]:
    """The command lines of all processes that were started for this port."""
    lines = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                lines.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if f"--port {port} " in line + " " and "mlflow" in line]


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ui", "--help"]) == 0
    assert "Example: trinity ui --port" in capsys.readouterr().out


def test_print_says_the_command_and_runs_nothing(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ui", "--print", "--port=5005"]) == 0
    assert capfd.readouterr().out == (
        f"cd '{place}' && mlflow server --backend-store-uri sqlite:///mlflow.db --artifacts-destination ./mlartifacts"
        " --host 127.0.0.1 --port 5005 --workers 1 --allowed-hosts 'localhost:*,127.0.0.1:*'\n"
    )
    assert list(place.iterdir()) == []


def test_a_server_has_pages_of_its_own(
    place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:s3cr3t@runs.example/mlflow")
    assert cli.main(["ui"]) == 2
    assert capfd.readouterr().err.splitlines()[1:] == ["    https://runs.example/mlflow"]


def test_a_taken_port_names_the_next_free_one(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["ui", "--port", str(port)]) == 2
    said = capfd.readouterr().err
    assert f"port {port} of 127.0.0.1 is taken" in said
    advised = re.search(r"trinity ui --port (\d+)", said)
    assert advised
    assert int(advised[1]) > port
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("args", [["--port"], ["--port", "x"], ["--port", "0"], ["--port=70000"], ["now"], ["--host"]])
def test_wrong_usage_is_said(place: Path, capfd: pytest.CaptureFixture[str], args: list[str]) -> None:
    assert cli.main(["ui", *args]) == 2
    assert "trinity ui --" in capfd.readouterr().err


@pytest.mark.slow
def test_ctrl_c_ends_it_with_nothing_left(place: Path) -> None:
    (place / "mlflow.py").write_text("raise SystemExit('a file of the project was run')\n")
    port = free_port()
    with running(place, port) as process:
        assert len(served_by(port)) >= 2  # MLflow, and what it starts
        address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search?max_results=1"
        urllib.request.urlopen(address).close()
        foreign = urllib.request.Request(address, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(foreign)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert served_by(port) == []
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert (place.parent / "said").read_text() == f"trinity-guard: starting MLflow on {place}/mlflow.db …\n"
    assert oct((place / "mlflow.db").stat().st_mode & 0o777) == "0o600"
    assert sorted(p.name for p in place.iterdir()) == ["mlartifacts", "mlflow.db", "mlflow.db.lock", "mlflow.py"]


@pytest.mark.slow
def test_the_runs_page_shows_name_and_metric_in_a_browser(place: Path) -> None:
    from PIL import Image
    from playwright.sync_api import sync_playwright

    browser_path = shutil.which("chromium")
    if not browser_path:
        require("Chromium (chromium)")
    made = trackable.log(runs.store(str(place)), name="thorough-forest", metrics={"mcc": 0.6441})
    port, picture = free_port(), place.parent / "runs.png"
    with running(place, port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}/#/experiments/{made.experiment_id}/runs?compareRunsMode=CHART")
        page.get_by_text("thorough-forest").first.wait_for(state="visible", timeout=60000)
        page.get_by_text("0.64", exact=True).first.wait_for(state="visible", timeout=60000)  # as its bar is labelled
        page.screenshot(path=picture)
        page.goto(made.url.replace("http://127.0.0.1:5000", f"http://127.0.0.1:{port}"))
        page.get_by_text("0.6441", exact=True).first.wait_for(state="visible", timeout=60000)
        # What is printed leads to the table of runs, with the first figures as columns.
        printed = (place.parent / "address").read_text()
        table = browser.new_page(viewport={"width": 1600, "height": 900})
        table.goto(printed)
        table.get_by_role("link", name="thorough-forest").first.wait_for(state="visible", timeout=60000)
        table.get_by_role("columnheader", name="mcc").first.wait_for(state="visible", timeout=60000)
        table.screenshot(path=place.parent / "table.png")
        browser.close()
    with Image.open(picture) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 50
    assert max(count for count, _ in colours) < 0.98 * 1600 * 900
    assert [url for url in asked if not url.startswith((f"http://127.0.0.1:{port}/", "data:", "blob:"))] == []
