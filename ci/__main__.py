"""`python -m ci COMMAND`: one command for each step of a workflow that is more than a line of shell."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ci import comment, issue, ssh_key, stacks
from ci.github import GitHub, run_url
from ci.problem import CiError


def main(arguments: Sequence[str]) -> int:
    """Run one command; the result is the process's exit code."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "stacks":
                found = stacks.find(Path.cwd(), os.environ.get("STACKS", ""))
                sys.stdout.write(f"stacks={stacks.as_json(found)}\n")
            case "ssh-key":
                ssh_key.install(
                    Path.home() / ".ssh",
                    key=os.environ.get("DOCKER_SSH_KEY", ""),
                    known_hosts=os.environ.get("DOCKER_SSH_KNOWN_HOSTS", ""),
                )
            case "comment":
                body = comment.body(
                    options.stack,
                    words=_read(options.change),
                    preview=_read(options.preview),
                    failed=options.outcome != "success",
                    log=run_url(),
                )
                comment.publish(GitHub.of_workflow(), options.pull_request, options.stack, body)
            case "issue":
                found_difference = issue.judge(_read(options.preview), failed=options.outcome != "success")
                issue.publish(
                    GitHub.of_workflow(), options.stack, found_difference, _read(options.preview), log=run_url()
                )
                return 1 if found_difference is issue.Found.NOTHING_KNOWN else 0
            case "verdict":
                from ci import verdict  # here, since the other commands need the standard library alone

                said, code = verdict.judge(options.stack, options.exit_code, options.junit)
                sys.stdout.write(said)
                return code
    except CiError as problem:
        sys.stderr.write(f"error: {problem}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ci", description="Steps of the workflows.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    about = "print stacks=[...], those in $STACKS or else every stack file's but the lab's, for $GITHUB_OUTPUT"
    commands.add_parser("stacks", help=about, description=about)
    about = "write $DOCKER_SSH_KEY and $DOCKER_SSH_KNOWN_HOSTS to where ssh finds them"
    commands.add_parser("ssh-key", help=about, description=about)
    about = "write or update the comment of a stack in a pull request"
    command = commands.add_parser("comment", help=about, description=about)
    command.add_argument("--pull-request", required=True, type=int, metavar="NUMBER")
    command.add_argument("--change", required=True, type=Path, metavar="FILE", help="the change in words, Markdown")
    _of_preview(command)
    about = "open, update or close the issue of a stack that is not as main says"
    command = commands.add_parser("issue", help=about, description=about)
    _of_preview(command)
    about = "say what the checker found, and whether the deployment failed by it"
    command = commands.add_parser("verdict", help=about, description=about)
    command.add_argument("--stack", required=True, type=stacks.name)
    command.add_argument("--exit-code", required=True, type=int, metavar="CODE", help="of python -m verify")
    command.add_argument("--junit", required=True, type=Path, metavar="FILE", help="the report that it wrote")
    return parser


def _of_preview(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stack", required=True, type=stacks.name)
    command.add_argument("--preview", required=True, type=Path, metavar="FILE", help="what pulumi preview printed")
    command.add_argument("--outcome", required=True, help="of the step that ran it: success, failure, skipped ...")


def _read(path: Path) -> str:
    """The text of a file; none where the step that writes it did not get there."""
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
