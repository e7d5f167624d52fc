"""`python -m changes --base REVISION`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from changes import acknowledgement, comparison, document, reading, records, revision
from changes.document import Report
from changes.markdown import block, code
from changes.reading import Version
from changes.revision import SourceError
from settings import SettingsError
from verify.printable import printable
from verify.usage import WRONG_USAGE, Parser

INVALID = 1
NOT_ACKNOWLEDGED = 3


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m changes",
        description="What differs between two versions of the stack files, and what it means for delivery, as "
        "Markdown. It needs no cloud and no passphrase.",
        epilog="Exit code: 0 told, 1 a stack file is not valid, 3 with --strict something that can hurt is not "
        "acknowledged, 64 wrong usage.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--base", metavar="REVISION", help="compare the working tree with where it parted from this revision"
    )
    parser.add_argument(
        "--stack", metavar="NAME", action="append", default=[], help="this stack only (may be repeated)"
    )
    parser.add_argument("--strict", action="store_true", help="exit 3 when something that can hurt is not acknowledged")
    parser.add_argument("files", metavar="FILE", nargs="*", help="instead: two stack files, the old and the new one")
    return parser


def main(arguments: Sequence[str], directory: Path = Path()) -> int:
    """Compare, print, and return the exit code.

    Args:
        arguments: of the command line.
        directory: of Pulumi.yaml.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.base) == bool(options.files):
        parser.error("give --base REVISION, or two files")
    if options.files and (len(options.files) != 2 or options.stack):
        parser.error("give two files, the old and the new one, without --stack")
    try:
        project = revision.project_name(directory)
        if options.files:
            old, new = options.files
            reports, compared = _of_files(old, new, directory, project)
        else:
            reports, compared = _of_revision(options.base, options.stack, directory, project)
    except SourceError as error:
        sys.stderr.write(f"{parser.prog}: {printable(str(error))}\n")
        return WRONG_USAGE
    sys.stdout.write(document.render(reports, compared))
    if any(report.errors for report in reports):
        return INVALID
    return NOT_ACKNOWLEDGED if options.strict and any(report.acknowledgement.open for report in reports) else 0


def _of_files(old: str, new: str, directory: Path, project: str) -> tuple[list[Report], str]:
    texts = [revision.text_of(directory / file) for file in (old, new)]
    for file, text in zip((old, new), texts, strict=True):
        if text is None:
            raise SourceError(f"{file}: there is no such file")
    return [_report(Path(new).name, texts[0], texts[1], project)], f"{code(new)} against {code(old)}."


def _of_revision(base: str, stacks: Sequence[str], directory: Path, project: str) -> tuple[list[Report], str]:
    was, now = revision.at(base, directory), revision.in_working_tree(directory)
    names = sorted({*was, *now})
    for stack in stacks:
        if stack not in map(revision.stack_of, names):
            raise SourceError(f"--stack {stack}: there is no Pulumi.{stack}.yaml on either side")
    chosen = [name for name in names if not stacks or revision.stack_of(name) in stacks]
    return (
        [_report(name, was.get(name), now.get(name), project) for name in chosen],
        f"The stack files here against those where this parted from {code(base)}.",
    )


def _report(name: str, old: str | None, new: str | None, project: str) -> Report:
    """Compare two texts of a stack file, either of which may be missing."""
    stack = revision.stack_of(name)
    try:
        after = reading.read(new, project) if new is not None else None
    except SettingsError as error:
        return Report(stack=stack, file=name, errors=str(error).splitlines())
    before, notes = _before(old, project)
    changes = comparison.compare(before, after)
    return Report(
        stack=stack,
        file=name,
        changes=changes,
        records=records.changes(before.settings if before else None, after.settings) if after else [],
        acknowledgement=acknowledgement.judge(changes, _acknowledged(before), _acknowledged(after)),
        notes=notes,
    )


def _before(old: str | None, project: str) -> tuple[Version | None, list[str]]:
    """Read the old version. One that this program does not take is as none, so that it can be mended."""
    if old is None:
        return None, []
    try:
        return reading.read(old, project), []
    except SettingsError as error:
        said = "The version before is not valid, so that all of this one is told as new:"
        return None, [said, block(str(error).splitlines())]


def _acknowledged(version: Version | None) -> Sequence[str]:
    return version.settings.acknowledged if version else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
