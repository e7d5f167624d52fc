"""What a refresh finds amiss in a container, and that nothing else looks."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import stacks
from fake_docker import CONTAINER, Docker
from recorder import opened_up, record

from components.seen import _Provider

ADDRESS = "mail@bücher.example"
OTHER = "other@example.org"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    monkeypatch.setenv("PATH", str(tmp_path))
    return Docker(tmp_path)


def declared(**values: Any) -> dict[str, Any]:
    """The resource as it is after an update; Pulumi leaves out what is None."""
    inputs = {"container": CONTAINER, "accounts": [], "files": {}, **values}
    outs = _Provider().create(inputs).outs
    assert outs is not None
    return outs


def refreshed(props: dict[str, Any]) -> dict[str, Any]:
    """The same after a refresh."""
    outs = _Provider().read(CONTAINER, props).outs
    assert outs is not None
    return outs


class TestAccounts:
    def test_that_are_there(self, docker: Docker) -> None:
        for kind in ("creds", "imap-acct"):
            docker.lists(kind, ADDRESS, OTHER)
        props = declared(accounts=[ADDRESS])
        assert refreshed(props) == props

    @pytest.mark.parametrize("kind", ["creds", "imap-acct"])
    def test_without_a_login_or_a_mailbox(self, docker: Docker, kind: str) -> None:
        for each in ("creds", "imap-acct"):
            docker.lists(each, *([OTHER, f"x{ADDRESS}"] if each == kind else [OTHER, ADDRESS]))
        assert refreshed(declared(accounts=[ADDRESS, OTHER]))["amiss"] == [ADDRESS]


class TestFiles:
    def test_that_are_as_declared_changed_or_gone(self, docker: Docker) -> None:
        sums = {}
        for name in ("same", "changed", "gone"):
            (docker.home / name).write_text(name)
            sums[str(docker.home / name)] = hashlib.sha256(name.encode()).hexdigest()
        assert refreshed(declared(files=sums))["amiss"] == []
        (docker.home / "changed").write_text("something else")
        (docker.home / "gone").unlink()
        assert refreshed(declared(files=sums))["amiss"] == [str(docker.home / "changed"), str(docker.home / "gone")]


class TestWhatFollows:
    @pytest.mark.parametrize(
        "said",
        [
            f"No such container: {CONTAINER}",
            "container 0a1b2c is not running",
            "Container 0a1b2c is restarting, wait until the container is running",
            "Container 0a1b2c is paused, unpause the container before exec",
        ],
    )
    def test_a_container_that_does_not_run_is_told_by_its_own_refresh(self, docker: Docker, said: str) -> None:
        docker.refuses(f"Error response from daemon: {said}")
        props = declared(accounts=[ADDRESS], files={"/file": "0" * 64})
        assert refreshed(props) == props

    def test_what_could_not_be_looked_at_is_a_failure(self, docker: Docker) -> None:
        docker.refuses("Cannot connect to the Docker daemon at ssh://nowhere.")
        with pytest.raises(RuntimeError, match=f"could not look into {CONTAINER}: .*Cannot connect"):
            refreshed(declared(accounts=[ADDRESS]))

    def test_nothing_amiss_is_no_change(self) -> None:
        props = declared(accounts=[ADDRESS])
        news = {"container": CONTAINER, "accounts": [ADDRESS], "files": {}}
        assert _Provider().diff(CONTAINER, props, news).changes is False
        assert _Provider().diff(CONTAINER, props, {**news, "accounts": [OTHER]}).changes is True

    def test_what_is_amiss_is_mended_once(self) -> None:
        props = {**declared(accounts=[ADDRESS]), "amiss": [ADDRESS]}
        news = {"container": CONTAINER, "accounts": [ADDRESS], "files": {}}
        assert _Provider().diff(CONTAINER, props, news).changes is True
        mended = _Provider().update(CONTAINER, props, news).outs
        assert mended == {**news, "amiss": [], "mended": 1}
        assert _Provider().update(CONTAINER, mended, {**news, "accounts": [OTHER]}).outs == {
            **news,
            "accounts": [OTHER],
            "amiss": [],
            "mended": 1,
        }


class TestTheProgram:
    def test_looks_for_accounts_and_policies_where_they_are(self) -> None:
        recording = stacks.run_full()
        accounts, site = (recording.one("Seen", name).plain for name in ("accounts", "policy-site"))
        assert accounts["container"] == recording.one("Container", "server").plain["name"]
        assert set(accounts["accounts"]) == {"mail@example.org", "postmaster@example.org", "anna@bücher.example"}
        assert site["container"] == recording.one("Container", "policy-site").plain["name"]
        policies = {
            path: hashlib.sha256(opened_up(upload["content"]).encode()).hexdigest()
            for path, upload in recording.seeded("site-seed").items()
            if path.endswith("mta-sts.txt")
        }
        assert site["files"] == policies
        assert len(policies) > 1

    def test_makes_accounts_and_policies_anew_when_something_was_amiss(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = stacks.run_repeatable()
        create = _Provider.create

        def mended(self: _Provider, props: dict[str, Any]) -> Any:
            made = create(self, props)
            assert made.outs is not None
            made.outs["mended"] = 1
            return made

        monkeypatch.setattr(_Provider, "create", mended)
        after = record(stacks.repeatable(), secrets=stacks.SECRET_KEYS)
        changed = {
            found.name
            for found in before.resources
            for other in after.resources
            if other.urn == found.urn and other.plain != found.plain
        }
        assert changed == {"accounts", "site-seed"}
