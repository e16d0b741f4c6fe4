"""MLflow's registry of models: a view on what Git's tags and the pointers say, version by version."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from trinity_guard.training.tracking import sqlite
from trinity_guard.training.tracking.store import RunStore, opened

CHAMPION = "champion"
STAGE = "stage"


def champion(store: RunStore, name: str, alias: str = CHAMPION) -> dict[str, Any] | None:
    """Return the version that bears the alias (version, run_id, metrics, tags), None where none does."""
    return _found(store, lambda client: client.get_model_version_by_alias(name, alias))


def version(store: RunStore, name: str, number: str) -> dict[str, Any] | None:
    """Return one version (version, run_id, metrics, tags), None where there is none of this number."""
    return _found(store, lambda client: client.get_model_version(name, number))


def run_of(store: RunStore, run_id: str) -> dict[str, Any] | None:
    """Return a run (run_id, name, status, experiment, metrics, params, tags), None where there is none of this id."""

    def ask(client: Any) -> dict[str, Any]:
        run = client.get_run(run_id)
        own = {k: v for k, v in run.data.tags.items() if not k.startswith("mlflow.")}
        return {
            "run_id": run_id, "name": run.info.run_name, "status": run.info.status, "tags": own,
            "experiment": run.info.experiment_id, "metrics": dict(run.data.metrics), "params": dict(run.data.params),
        }  # fmt: skip

    return _asked(store, ask)


def version_of(store: RunStore, run_id: str) -> tuple[str, str]:
    """Return the registered model, and its version, that a run made; ("", "") where it made none."""
    store.ready()
    with opened(store) as client:
        found = client.search_model_versions(f"run_id = '{run_id}'")
    return (str(found[0].name), str(found[0].version)) if found else ("", "")


def tag_run(store: RunStore, run_id: str, tags: Mapping[str, str]) -> None:
    store.ready()
    with opened(store) as client:
        for key, value in tags.items():
            client.set_tag(run_id, key, value)


def in_stage(store: RunStore, name: str, stage: str) -> list[str]:
    """Return the versions of a registered model whose tag says that they are in this stage."""
    store.ready()
    with opened(store) as client:
        quoted = name.replace("'", "\\'")
        versions = client.search_model_versions(f"name = '{quoted}'")
    return [str(version.version) for version in versions if version.tags.get(STAGE) == stage]


def mark(
    store: RunStore,
    name: str,
    number: str,
    tags: Mapping[str, str],
    alias: str | None = None,
    leaving: Sequence[tuple[str, str]] = (),
) -> None:
    """Put tags (semver, git_commit, dvc_md5) on a version, and let it bear the alias from now on.

    leaving: names and numbers of versions that lose the stage's tag, before this one gets it.
    """
    store.ready()
    with opened(store) as client:
        for other in leaving:
            client.delete_model_version_tag(*other, STAGE)
        for key, value in tags.items():
            client.set_model_version_tag(name, number, key, value)
        if alias:
            client.set_registered_model_alias(name, alias, number)


def register(
    client: Any,
    name: str,
    model: Any,
    run_id: str,
    tags: Mapping[str, str],
    alias: str | None,
    instead_of: str | None = None,
) -> tuple[str, bool]:
    """Make a logged model the next version of a registered one; return its number, and whether it bears the alias.

    instead_of: the version that may lose the alias to it ("": none may, None: any): the one that it was compared with.
    """
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(name, model.model_uri, run_id, tags=dict(tags), model_id=model.model_id)
    bears = alias is not None and (instead_of is None or _bearer(client, name, alias) == instead_of)
    if bears:
        client.set_registered_model_alias(name, alias, made.version)
    return str(made.version), bears


def _bearer(client: Any, name: str, alias: str) -> str:
    """Return the version that bears an alias now, "" where none does."""
    found = client.get_registered_model(name).aliases.get(alias, "")
    return str(found)


def _found(store: RunStore, question: Any) -> dict[str, Any] | None:
    def ask(client: Any) -> dict[str, Any]:
        made = question(client)
        metrics = _metrics(client, made.run_id) if made.run_id else {}
        return {"version": str(made.version), "run_id": made.run_id, "metrics": metrics, "tags": dict(made.tags)}

    return _asked(store, ask)


def _metrics(client: Any, run_id: str) -> dict[str, float]:
    """Return a run's metrics, {} where the run was removed since (mlflow gc): the version is there all the same."""
    from mlflow.exceptions import MlflowException

    try:
        return dict(client.get_run(run_id).data.metrics)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}


def _asked(store: RunStore, ask: Any) -> dict[str, Any] | None:
    """Return the answer to a question, None for what does not exist; a store that was never made holds nothing."""
    if store.embedded and not os.path.exists(os.path.join(store.root, sqlite.DATABASE)):
        return None
    store.ready()
    with opened(store) as client:
        from mlflow.exceptions import MlflowException

        try:
            answer: dict[str, Any] = ask(client)
        except MlflowException as error:
            # MLflow says INVALID_PARAMETER_VALUE for an alias that no version bears.
            if error.error_code == "RESOURCE_DOES_NOT_EXIST" or ("alias" in str(error) and "not found" in str(error)):
                return None
            raise
    return answer
