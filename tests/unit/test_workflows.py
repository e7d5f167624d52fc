"""What the workflows under .github/ may do, and that what they call is there."""

import argparse
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import changes.__main__
import ci.__main__
import verify.options

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
TEXTS = {
    str(path.relative_to(GITHUB)): path.read_text(encoding="utf-8")
    for directory in ("workflows", "actions")
    for path in sorted((GITHUB / directory).rglob("*.y*ml"))
}
MANUAL = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load(TEXTS["actions/tools/action.yml"])
WORKFLOWS: dict[str, dict[Any, Any]] = {
    name.removeprefix("workflows/"): yaml.safe_load(text)
    for name, text in TEXTS.items()
    if name.startswith("workflows/")
}
JOBS = {(file, name): job for file, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()}
STEPS = [
    *((f"{file} {name}", step) for (file, name), job in JOBS.items() for step in job["steps"]),
    *(("action", step) for step in ACTION["runs"]["steps"]),
]
SCRIPTS = [(where, step["run"]) for where, step in STEPS if "run" in step]
OUR_ACTION = "./.github/actions/tools"


def secrets_of(part: Any) -> set[str]:
    return set(re.findall(r"\bsecrets\.(\w+)", yaml.safe_dump(part)))


def commands() -> Iterator[list[str]]:
    """The commands of all scripts, each as its words."""
    for _, script in SCRIPTS:
        for line in script.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
            lexer.whitespace_split = True
            words: list[str] = []
            for word in lexer:
                if word and set(word) <= set("|&;<>"):
                    yield words
                    words = []
                else:
                    words.append(word)
            yield words


def modules(name: str) -> list[list[str]]:
    """The arguments of each `python -m NAME` in the workflows, with something in place of each variable."""
    values = {"NUMBER": "7", "code": "0", "VERIFY_WAIT:-15m": "15m"}
    found = [words[3:] for words in commands() if words[1:3] == ["-m", name] and "python" in words[0]]
    return [
        [re.sub(r"\$\{?([\w:-]+)\}?", lambda one: values.get(one[1], "prod"), word.rstrip("2")) for word in words]
        for words in found
    ]


USES = [(file, line) for file, text in TEXTS.items() for line in text.splitlines() if re.search(r"\buses:", line)]
WITH_SECRETS = {key for key, job in JOBS.items() if secrets_of(job)}
GROUPS = {key: job["concurrency"] for key, job in JOBS.items()}


def test_there_are_the_three() -> None:
    assert sorted(WORKFLOWS) == ["deploy.yml", "drift.yml", "preview.yml"]


class TestTriggers:
    def test_are_these_and_no_others(self) -> None:
        assert {file: set(workflow[True]) for file, workflow in WORKFLOWS.items()} == {  # YAML 1.1 reads `on` as True
            "preview.yml": {"pull_request"},
            "deploy.yml": {"push", "workflow_dispatch"},
            "drift.yml": {"schedule", "workflow_dispatch"},
        }

    def test_deployment_of_main_alone(self) -> None:
        assert WORKFLOWS["deploy.yml"][True]["push"] == {"branches": ["main"]}


class TestActions:
    @pytest.mark.parametrize(("file", "line"), USES)
    def test_pinned_by_commit_with_the_version_beside(self, file: str, line: str) -> None:
        assert re.fullmatch(rf" *- uses: ({re.escape(OUR_ACTION)}|[\w-]+/[\w-]+@[0-9a-f]{{40}} # v\d+\.\d+\.\d+)", line)

    def test_each_in_one_version(self) -> None:
        pins = {re.sub(r".*uses: ", "", line) for _, line in USES}
        assert len(pins) == len({pin.partition("@")[0] for pin in pins}) == 4

    def test_checkout_keeps_no_token(self) -> None:
        checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
        assert len(checkouts) == len(JOBS)
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)

    def test_own_action_is_there_and_takes_what_it_is_given(self) -> None:
        given = [set(step.get("with", {})) for _, step in STEPS if step.get("uses") == OUR_ACTION]
        assert given == [set(ACTION["inputs"])] * 3
        assert (ROOT / OUR_ACTION / "action.yml").exists()

    def test_pulumi_is_the_one_of_the_program(self) -> None:
        (version,) = [step["with"]["pulumi-version"] for _, step in STEPS if "pulumi-version" in step.get("with", {})]
        assert f"\npulumi=={version}\n" in (ROOT / "requirements.txt").read_text()


class TestPermissions:
    def test_none_for_all(self) -> None:
        assert [workflow["permissions"] for workflow in WORKFLOWS.values()] == [{}] * 3

    def test_of_each_job(self) -> None:
        read = {"contents": "read"}
        assert {key: job["permissions"] for key, job in JOBS.items()} == {
            ("preview.yml", "check"): read,
            ("preview.yml", "change"): read,
            ("preview.yml", "preview"): read | {"pull-requests": "write"},
            ("deploy.yml", "stacks"): read,
            ("deploy.yml", "deploy"): read,
            ("drift.yml", "stacks"): read,
            ("drift.yml", "drift"): read | {"issues": "write"},
        }


class TestSecrets:
    def test_are_in_these_jobs_alone(self) -> None:
        assert {("preview.yml", "preview"), ("deploy.yml", "deploy"), ("drift.yml", "drift")} == WITH_SECRETS

    def test_not_for_forks(self) -> None:
        condition = JOBS["preview.yml", "preview"]["if"]
        assert "||" not in condition
        parts = [part.strip() for part in condition.removeprefix("${{").removesuffix("}}").split("&&")]
        assert "github.event.pull_request.head.repo.full_name == github.repository" in parts
        assert "vars.PULUMI_BACKEND_URL != ''" in parts

    @pytest.mark.parametrize("file", ["deploy.yml", "drift.yml"])
    def test_of_main_alone(self, file: str) -> None:
        assert JOBS[file, "stacks"]["if"] == "${{ vars.PULUMI_BACKEND_URL != '' && github.ref == 'refs/heads/main' }}"
        assert JOBS[file, file.removesuffix(".yml")]["needs"] == "stacks"
        assert "always()" not in TEXTS[f"workflows/{file}"]

    def test_protected_by_the_stacks_environment(self) -> None:
        assert {key: job.get("environment") for key, job in JOBS.items()} == {
            ("preview.yml", "check"): None,
            ("preview.yml", "change"): None,
            ("preview.yml", "preview"): {"name": "${{ matrix.stack }}-preview", "deployment": False},
            ("deploy.yml", "stacks"): None,
            ("deploy.yml", "deploy"): {"name": "${{ matrix.stack }}"},
            ("drift.yml", "stacks"): None,
            ("drift.yml", "drift"): {"name": "${{ matrix.stack }}-preview", "deployment": False},
        }

    def test_of_single_steps(self) -> None:
        for key, job in JOBS.items():
            assert not secrets_of({name: part for name, part in job.items() if name != "steps"}), key
        for file, workflow in WORKFLOWS.items():
            assert not secrets_of({name: part for name, part in workflow.items() if name != "jobs"}), file

    def test_not_beside_the_token_of_github(self) -> None:
        with_token = [(where, step) for where, step in STEPS if "github.token" in yaml.safe_dump(step)]
        assert len(with_token) == 2
        for where, step in with_token:
            assert not secrets_of(step), where

    def test_never_all_of_them(self) -> None:
        for file, text in TEXTS.items():
            assert not re.search(r"secrets\s*(:|\[|\))|toJSON", text), file
            assert "secrets.GITHUB_TOKEN" not in text, file

    def test_and_variables_are_in_the_manual(self) -> None:
        for file, text in TEXTS.items():
            for name in re.findall(r"\b(?:secrets|vars)\.(\w+)", text):
                assert f"`{name}`" in MANUAL, (file, name)


class TestConcurrency:
    def test_one_at_a_time_for_each_stack(self) -> None:
        for key in WITH_SECRETS:
            assert "${{ matrix.stack }}" in GROUPS[key]["group"]

    def test_no_two_jobs_share_a_group(self) -> None:
        groups = [group["group"] for group in GROUPS.values()]
        assert len(groups) == len(set(groups)) == len(JOBS)

    def test_only_what_a_newer_push_outdates_is_cancelled(self) -> None:
        assert {key: group["cancel-in-progress"] for key, group in GROUPS.items()} == {
            key: key[0] == "preview.yml" for key in JOBS
        }

    def test_one_pull_request_does_not_cancel_another(self) -> None:
        for (file, _), group in GROUPS.items():
            assert (file == "preview.yml") == ("${{ github.event.pull_request.number }}" in group["group"])

    def test_failing_stack_does_not_stop_the_others(self) -> None:
        assert all(JOBS[key]["strategy"]["fail-fast"] is False for key in WITH_SECRETS)

    @pytest.mark.parametrize("job", JOBS.values(), ids=map(" ".join, JOBS))
    def test_every_job_ends(self, job: dict[str, Any]) -> None:
        assert 0 < job["timeout-minutes"] <= 90


class TestScripts:
    @pytest.mark.parametrize(("where", "script"), SCRIPTS)
    def test_nothing_is_put_into_a_shell(self, where: str, script: str) -> None:
        assert "${{" not in script

    @pytest.mark.parametrize(("where", "script"), SCRIPTS)
    def test_variables_are_quoted(self, where: str, script: str) -> None:
        assert not re.search(r"\$", re.sub(r'"[^"]*"|code=\$\?', "", script))

    @pytest.mark.parametrize(("where", "script"), SCRIPTS)
    def test_are_short(self, where: str, script: str) -> None:
        assert len(script.splitlines()) <= 6

    def test_failure_in_a_pipe_counts(self) -> None:
        assert all(workflow["defaults"]["run"]["shell"] == "bash" for workflow in WORKFLOWS.values())
        assert all(step["shell"] == "bash" for _, step in STEPS if "shell" in step)

    @pytest.mark.parametrize("where_step", [one for one in STEPS if "run" in one[1]], ids=lambda one: one[0])
    def test_variables_are_set(self, where_step: tuple[str, dict[str, Any]]) -> None:
        _, step = where_step
        used = set(re.findall(r"\$\{?(\w+)", step["run"]))
        of_github = {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_SHA", "RUNNER_TEMP"}
        assert used - of_github - {"code"} <= set(step.get("env", {}))


class TestWhatIsCalled:
    def test_is_one_of_these(self) -> None:
        called = {words[0] for words in commands() if words and "=" not in words[0]}
        assert called == {"make", "pulumi", "python", "python3", ".venv/bin/python", "tee", *self.files()}

    @staticmethod
    def files() -> set[str]:
        """What stands behind a redirection."""
        return {words[0] for words in commands() if words and words[0].startswith(("$RUNNER_TEMP", "$GITHUB"))} | {"1"}

    def test_targets_of_make(self) -> None:
        targets = {words[1] for words in commands() if words[:1] == ["make"]}
        assert targets == {"lint"}
        for target in targets:
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)

    def test_modules_are_there(self) -> None:
        called = {words[2] for words in commands() if words[1:2] == ["-m"] and "python" in words[0]}
        assert called == {"changes", "ci", "pytest", "verify"}
        assert all(importlib.util.find_spec(name) for name in called)

    def test_files_are_there(self) -> None:
        named = {word for words in commands() for word in words if re.fullmatch(r"[\w./-]+\.(py|txt)|tests/\w+", word)}
        assert named == {"lab/venv.py", "requirements.txt", "verify/requirements.txt", "tests/unit"}
        assert all((ROOT / name).exists() for name in named)

    @pytest.mark.parametrize(
        ("name", "parser", "times"),
        [
            ("ci", ci.__main__._parser(), 7),
            ("changes", changes.__main__._parser(), 2),
            ("verify", verify.options._parser(), 1),
        ],
    )
    def test_options_fit(self, name: str, parser: argparse.ArgumentParser, times: int) -> None:
        found = modules(name)
        assert len(found) == times
        for arguments in found:
            parser.parse_args(arguments)

    def test_lint_looks_at_them(self) -> None:
        recipe = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
        assert "-m lab.actionlint" in recipe
        assert re.search(r"zizmor .*--offline .*\.github$", recipe, re.MULTILINE)
