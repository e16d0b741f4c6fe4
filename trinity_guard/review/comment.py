"""The one comment on a pull or merge request: made, then kept up to date, through the forge's REST API.

The token goes to the address that the CI names and nowhere else: no redirect is followed, and no message holds it.
"""

from __future__ import annotations

import json
import os
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

TOKEN = "TRINITY_GUARD_TOKEN"  # noqa: S105  # the variable's name
# Hidden in the page. Only a comment that begins with it, and is by whom the token is of, is edited.
MARKER = "<!-- trinity-guard diff -->"
SECONDS = 30.0
PAGE = 100
MAX_PAGES = 100
MAX_ANSWER = 32 << 20
MADE, EDITED, SAME, NONE = "made", "edited", "same", "none"
# What a forge says to a token that is an app's, when it is asked who it is.
NOBODYS = (403, 404)


class Forge:
    """A request's comments. comments, one: addresses of the list, and of a comment but for its id; edits: the method.

    author: the key that says whose a comment is; remedy: what the token must be.
    """

    __slots__ = ("_headers", "_opener", "api", "author", "comments", "edits", "name", "one", "remedy")

    def __init__(self, name: str, api: str, headers: dict[str, str]) -> None:
        self.name = name
        self.api = api
        self.comments = self.one = self.remedy = ""
        self.edits, self.author = "PATCH", "user"
        self._headers = headers
        self._opener = build_opener(_NoRedirect)

    def ask(self, method: str, url: str, body: object = None) -> Any:
        """Return what the forge answers, read as JSON; HTTPError where it refuses."""
        data = None if body is None else json.dumps(body).encode()
        # The scheme was looked at in of().
        request = Request(url, data, {**self._headers, "Content-Type": "application/json"}, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read(MAX_ANSWER))
        except HTTPError:
            raise
        except (HTTPException, OSError, ValueError, RecursionError) as error:
            why = error.reason if isinstance(error, URLError) else type(error).__name__
            raise GuardError(f"{self.name} could not be asked for the comments: {why}.", self.remedy) from None

    def listed(self) -> Iterator[dict[str, Any]]:
        """Yield the comments, the oldest first."""
        for page in range(1, MAX_PAGES + 1):
            found = self.ask("GET", f"{self.comments}&per_page={PAGE}&page={page}")
            if not isinstance(found, list):
                raise GuardError(f"{self.name} answers with something else than comments.", self.remedy)
            yield from (c for c in found if isinstance(c, dict))
            if len(found) < PAGE:
                return

    def is_own(self, comment: dict[str, Any], me: object) -> bool:
        """Whether a comment is ours: anybody can copy the mark. me: the token's user, None for an app's token."""
        author = comment.get(self.author)
        if not (isinstance(author, dict) and isinstance(comment.get("id"), int)):
            return False  # of somebody who left
        by = author.get("id") == me if me is not None else author.get("type") == "Bot"
        return by and str(comment.get("body")).startswith(MARKER)

    def me(self) -> object:
        """Return the id of the token's user, None for a token of an app."""
        try:
            found = self.ask("GET", f"{self.api}/user")
        except HTTPError as error:
            if error.code in NOBODYS and self.name == "GitHub":
                return None
            raise
        return found.get("id") if isinstance(found, dict) else None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: the token would go along."""


def of(env: Mapping[str, str], token: str) -> Forge | None:
    """Return the comments of the request that this run of a CI looks at; None where it looks at none."""
    project, number = events.request(env)
    if not number:
        return None
    if not (token.isascii() and token.isprintable() and token) or " " in token:
        what = "holds letters that no token has" if token else "is empty"
        raise GuardError(f"{TOKEN} {what}: nobody can comment without a token.", "docs/ci.md says which", UNUSABLE)
    of_github = env.get("GITHUB_ACTIONS") == "true"
    api = env.get("GITHUB_API_URL" if of_github else "CI_API_V4_URL", "").rstrip("/")
    if urlsplit(api).scheme not in ("http", "https"):
        raise GuardError(f"the CI names no address of its API ('{shown(os.fsencode(api))}').", exit_code=UNUSABLE)
    return _github(api, project, number, token) if of_github else _gitlab(api, project, number, token)


def _github(api: str, project: str, number: str, token: str) -> Forge:
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    found = Forge("GitHub", api, {**headers, "Authorization": f"Bearer {token}"})
    issues = f"{api}/repos/{quote(project)}/issues"
    found.comments, found.one = f"{issues}/{number}/comments?sort=created", f"{issues}/comments/"
    found.remedy = "permissions:\n  pull-requests: write     # in the workflow's job; docs/ci.md says more"
    return found


def _gitlab(api: str, project: str, number: str, token: str) -> Forge:
    found = Forge("GitLab", api, {"PRIVATE-TOKEN": token})
    notes = f"{api}/projects/{quote(project, safe='')}/merge_requests/{number}/notes"
    found.comments, found.one = f"{notes}?order_by=created_at&sort=asc", f"{notes}/"
    found.edits, found.author = "PUT", "author"
    found.remedy = f"set the masked variable {TOKEN} to a project access token: scope api, role Reporter"
    return found


def keep(forge: Forge, text: str, worth: bool) -> str:
    """Have the one comment say this; return what that took. worth: whether it is to be made where there is none."""
    try:
        me = forge.me()
        ours = next((c for c in forge.listed() if forge.is_own(c, me)), None)
        body = f"{MARKER}\n{text}"
        if ours is None:
            if worth:
                forge.ask("POST", forge.comments.partition("?")[0], {"body": body})
            return MADE if worth else NONE
        if str(ours["body"]).replace("\r\n", "\n").rstrip() == body.rstrip():
            return SAME
        forge.ask(forge.edits, f"{forge.one}{ours['id']}", {"body": body})
    except HTTPError as error:
        error.close()
        # Its own words are left out: a server may repeat what it was sent.
        raise GuardError(f"{forge.name} refuses the comment: it answered {error.code}.", forge.remedy) from None
    return EDITED
