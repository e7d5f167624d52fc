"""The lab's command line; the Makefile is a thin layer over it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from docker.errors import DockerException

from lab import commands, subprocesses, testing
from lab.settings import DEV
from lab.terminal import LabError, say


def main(arguments: Sequence[str]) -> int:
    """Run one command; the result is the process's exit code."""
    if arguments[:1] in (["test"], ["verify"], ["preflight"]):  # the other arguments are pytest's, or the checker's
        return _run(argparse.Namespace(command=arguments[0], arguments=arguments[1:]))
    return _run(_parser().parse_args(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="The dev stack on this machine.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("up", "start the lab and bring the stack up"),
        ("preview", "start the lab and show what `up` would change"),
        ("setup", "have Docker, Pulumi, plugins and images there, and start nothing else"),
    ):
        command = subparsers.add_parser(name, help=about, description=about)
        command.add_argument(
            "--official", action="store_true", help="try again to download what the lab has made itself"
        )
    about = "remove the stack and end the lab"
    command = subparsers.add_parser("down", help=about, description=about)
    command.add_argument("--purge", action="store_true", help="also delete the mail, the state and the logs")
    about = "print the stack's outputs as JSON"
    command = subparsers.add_parser("outputs", help=about, description=about)
    command.add_argument("--secrets", action="store_true", help="with the passwords")
    subparsers.add_parser("env", help='print the variables for a plain pulumi: eval "$(python -m lab env)"')
    subparsers.add_parser("test", help="run the tests; arguments are pytest's")
    subparsers.add_parser("verify", help="run the checker on the stack; arguments are those of python -m verify")
    about = "start the lab and look at what `up` will meet; arguments are those of python -m preflight"
    subparsers.add_parser("preflight", help=about)
    return parser


def _run(options: argparse.Namespace) -> int:
    try:
        match options.command:
            case "up":
                commands.up(DEV, official=options.official)
            case "preview":
                commands.preview(DEV, official=options.official)
            case "down":
                commands.down(DEV, purge=options.purge)
            case "outputs":
                commands.outputs(DEV, secrets=options.secrets)
            case "setup":
                commands.setup(official=options.official)
            case "env":
                commands.env(DEV)
            case "test":
                return testing.run_tests(options.arguments)
            case "verify":
                return commands.verify(DEV, options.arguments)
            case "preflight":
                return commands.preflight(DEV, options.arguments)
    except LabError as problem:
        say(f"error: {problem}")
        return 1
    except DockerException as problem:
        say(f"error: Docker refused: {problem}")
        return 1
    except KeyboardInterrupt:
        subprocesses.end_all()
        say("interrupted")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
