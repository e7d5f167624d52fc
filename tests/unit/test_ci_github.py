"""The comment of a stack in a pull request, and the issue of a stack that drifts: one each, kept up to date."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_gh import STORE, FakeGitHub, comment, issue

from ci.__main__ import main

PREVIEW = """Previewing update (prod):
  + cloudflare:index/dnsRecord:DnsRecord: (create)
    [urn=urn:pulumi:prod::maddy-stack::cloudflare:index/dnsRecord:DnsRecord::mx]
Resources:
    + 1 to create
    42 unchanged
"""
DRIFT = PREVIEW + "error: no changes were expected but changes were proposed\n"
COMMENT_MARK = "<!-- maddy-stack: preview of prod -->"
ISSUE_MARK = "<!-- maddy-stack: drift of prod -->"

Command = Callable[..., int]


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    fake = FakeGitHub.install(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv(STORE, str(fake.file))
    monkeypatch.setenv("GH_TOKEN", "ghs_token")
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/mail")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_RUN_ID", "55")
    return fake


@pytest.fixture
def run(tmp_path: Path) -> Command:
    def command(*arguments: str, preview: str | None = PREVIEW, words: str = "DMARC goes to quarantine.") -> int:
        files = {"change": tmp_path / "change.md", "preview": tmp_path / "preview.txt"}
        files["change"].write_text(words)
        files["preview"].unlink(missing_ok=True)
        if preview is not None:
            files["preview"].write_text(preview)
        more = ["--change", str(files["change"])] if arguments[0] == "comment" else []
        return main([*arguments, "--stack", "prod", "--preview", str(files["preview"]), *more])

    return command


class TestOneCommentForEachStack:
    ARGUMENTS = ("comment", "--pull-request", "7", "--outcome")

    def test_first_run_writes_it(self, github: FakeGitHub, run: Command) -> None:
        assert run(*self.ARGUMENTS, "success") == 0
        (there,) = github["comments"]
        assert there["on"] == "7"
        body = there["body"]
        assert body.startswith(COMMENT_MARK)
        order = [body.index(part) for part in ("DMARC goes", "What Pulumi would do", "`+ 1 to create`", "(create)")]
        assert order == sorted(order)

    def test_next_run_updates_it(self, github: FakeGitHub, run: Command) -> None:
        run(*self.ARGUMENTS, "success")
        assert run(*self.ARGUMENTS, "success", words="Nothing changes.") == 0
        (there,) = github["comments"]
        assert "Nothing changes." in there["body"]
        assert "DMARC" not in there["body"]

    def test_other_stacks_and_other_people_keep_theirs(self, github: FakeGitHub, run: Command) -> None:
        others = [
            comment(1, "<!-- maddy-stack: preview of staging -->\nstaging"),
            comment(2, f"{COMMENT_MARK}\nforged", author="mallory"),
            comment(3, f"I quote: {COMMENT_MARK}"),
            comment(4, "by nobody") | {"user": None, "body": None},
        ]
        github.put(comments=others)
        run(*self.ARGUMENTS, "success")
        assert github["comments"][:4] == others
        assert len(github["comments"]) == 5

    def test_found_behind_many_others(self, github: FakeGitHub, run: Command) -> None:
        github.put(comments=[*(comment(n, "talk", "someone") for n in range(100)), comment(777, COMMENT_MARK)])
        run(*self.ARGUMENTS, "success")
        assert len(github["comments"]) == 101
        assert "DMARC" in github["comments"][-1]["body"]

    def test_text_goes_through_standard_input(self, github: FakeGitHub, run: Command) -> None:
        run(*self.ARGUMENTS, "success", preview=PREVIEW * 4000)
        assert all("create" not in " ".join(call["arguments"]) for call in github["calls"])
        assert len(github["comments"][0]["body"]) <= 64_000

    @pytest.mark.parametrize("preview", ["error: no stack named 'prod' found\n", None])
    def test_failed_preview_is_no_empty_one(self, github: FakeGitHub, run: Command, preview: str | None) -> None:
        assert run(*self.ARGUMENTS, "failure", preview=preview) == 0
        body = github["comments"][0]["body"]
        assert "**The preview failed**" in body
        assert "https://github.example/owner/mail/actions/runs/55" in body
        assert ("- `error: no stack named 'prod' found`" in body) == (preview is not None)

    def test_refusal_is_told(self, github: FakeGitHub, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
        github.put(refuse=True)
        assert run(*self.ARGUMENTS, "success") == 1
        assert "Resource not accessible by integration" in capsys.readouterr().err

    def test_outside_of_a_workflow(
        self,
        github: FakeGitHub,
        run: Command,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.delenv("GITHUB_REPOSITORY")
        assert run(*self.ARGUMENTS, "success") == 1
        assert "GITHUB_REPOSITORY" in capsys.readouterr().err
        assert github["calls"] == []


class TestOneIssueForEachStack:
    def drifts(self, run: Command) -> int:
        return run("issue", "--outcome", "failure", preview=DRIFT)

    def test_opened_with_what_differs(self, github: FakeGitHub, run: Command) -> None:
        assert self.drifts(run) == 0
        (there,) = github["issues"]
        assert there["title"] == "Stack prod is not as main says"
        assert there["body"].startswith(ISSUE_MARK)
        assert "- `+ 1 to create`" in there["body"]
        assert "(create)" in there["body"]

    def test_updated_not_doubled(self, github: FakeGitHub, run: Command) -> None:
        self.drifts(run)
        run("issue", "--outcome", "failure", preview=DRIFT.replace("+ 1 to create", "~ 2 to update"))
        (there,) = github["issues"]
        assert "~ 2 to update" in there["body"]

    def test_closed_when_all_is_well(self, github: FakeGitHub, run: Command) -> None:
        self.drifts(run)
        assert run("issue", "--outcome", "success") == 0
        (there,) = github["issues"]
        assert (there["state"], there["state_reason"]) == ("closed", "completed")
        assert github["comments"][0]["on"] == str(there["number"])
        assert "as main says again" in github["comments"][0]["body"]

    def test_opened_anew_after_that(self, github: FakeGitHub, run: Command) -> None:
        self.drifts(run)
        run("issue", "--outcome", "success")
        self.drifts(run)
        assert [one["state"] for one in github["issues"]] == ["closed", "open"]

    def test_nothing_is_written_while_all_is_well(self, github: FakeGitHub, run: Command) -> None:
        assert run("issue", "--outcome", "success") == 0
        assert [call["method"] for call in github["calls"]] == ["GET"]

    def test_other_issues_are_left_alone(self, github: FakeGitHub, run: Command) -> None:
        others = [
            issue(1, "<!-- maddy-stack: drift of staging -->"),
            issue(2, ISSUE_MARK, author="mallory"),
            issue(3, ISSUE_MARK, pull_request={}),
        ]
        github.put(issues=others)
        run("issue", "--outcome", "success")
        assert github["issues"] == others

    @pytest.mark.parametrize(
        "preview",
        [
            "error: could not connect to mail.example.com\n",
            # Both: what differs is then not all that there is.
            DRIFT + "error: could not connect to mail.example.com\n",
            "",
            None,
        ],
    )
    def test_failed_look_is_not_taken_for_drift(self, github: FakeGitHub, run: Command, preview: str | None) -> None:
        assert run("issue", "--outcome", "failure", preview=preview) == 1
        assert github["issues"][0]["title"] == "Stack prod could not be compared with main"

    def test_step_that_never_ran_does_not_close_it(self, github: FakeGitHub, run: Command) -> None:
        self.drifts(run)
        assert run("issue", "--outcome", "skipped", preview=None) == 1
        assert github["issues"][0]["state"] == "open"
