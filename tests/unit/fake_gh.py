"""A `gh` on PATH: the part of GitHub's API that a workflow uses, kept in a file.

The file holds `comments` (of pull request 7), `issues` and `calls`, each a list. `refuse` in it makes every call fail.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
STORE = "FAKE_GH_STORE"


@dataclass(frozen=True)
class FakeGitHub:
    """What a test sees of it."""

    file: Path

    def __getitem__(self, key: str) -> list[dict[str, Any]]:
        return json.loads(self.file.read_text())[key]

    def put(self, **content: Any) -> None:
        """Set what there is."""
        self.file.write_text(json.dumps(json.loads(self.file.read_text()) | content))

    @classmethod
    def install(cls, directory: Path) -> "FakeGitHub":
        """Make one; `directory/bin` belongs on PATH, and the file's name into the variable STORE."""
        fake = cls(directory / "store.json")
        fake.file.write_text(json.dumps({"comments": [], "issues": [], "calls": []}))
        gh = directory / "bin" / "gh"
        gh.parent.mkdir()
        gh.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
        gh.chmod(0o755)
        return fake


def comment(number: int, body: str, author: str = BOT) -> dict[str, Any]:
    return {"id": number, "body": body, "user": {"login": author}}


def issue(number: int, body: str, author: str = BOT, **more: Any) -> dict[str, Any]:
    return {"number": number, "title": "", "body": body, "state": "open", "user": {"login": author}, **more}


def main(arguments: Sequence[str]) -> int:
    file = Path(os.environ[STORE])
    store = json.loads(file.read_text())
    assert os.environ.get("GH_TOKEN"), "a workflow passes the token as GH_TOKEN"
    api, method_option, method, url, *rest = arguments
    assert (api, method_option) == ("api", "--method"), arguments
    assert rest in ([], ["--input", "-"]), arguments
    content = json.load(sys.stdin) if rest else None
    store["calls"].append({"method": method, "url": url, "content": content, "arguments": list(arguments)})
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    answer = None if store.get("refuse") else respond(store, method, parts.path, query, content)
    file.write_text(json.dumps(store))
    if answer is None:
        sys.stderr.write("gh: Resource not accessible by integration (HTTP 403)\n")
        return 1
    json.dump(answer, sys.stdout)
    return 0


def respond(store: dict[str, Any], method: str, path: str, query: dict[str, str], content: Any) -> Any:
    match [method, *path.split("/")]:
        case ["GET", "repos", "owner", "mail", "issues", "7", "comments"]:
            return page(store["comments"], query)
        case ["POST", "repos", "owner", "mail", "issues", number, "comments"]:
            store["comments"].append(comment(900 + len(store["comments"]), content["body"]) | {"on": number})
            return store["comments"][-1]
        case ["PATCH", "repos", "owner", "mail", "issues", "comments", number]:
            return changed(store["comments"], "id", int(number), content)
        case ["GET", "repos", "owner", "mail", "issues"]:
            there = [one for one in store["issues"] if one["state"] == query["state"]]
            return page([one for one in there if one["user"]["login"] == query["creator"]], query)
        case ["POST", "repos", "owner", "mail", "issues"]:
            store["issues"].append(issue(100 + len(store["issues"]), content["body"]) | content)
            return store["issues"][-1]
        case ["PATCH", "repos", "owner", "mail", "issues", number]:
            return changed(store["issues"], "number", int(number), content)
    return None


def page(there: list[Any], query: dict[str, str]) -> list[Any]:
    size = int(query["per_page"])
    start = (int(query["page"]) - 1) * size
    return there[start : start + size]


def changed(there: list[dict[str, Any]], key: str, number: int, content: Any) -> Any:
    for one in there:
        if one[key] == number:
            one.update(content)
            return one
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
