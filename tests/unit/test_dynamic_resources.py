"""What the stack makes itself: when it is made, when it is made anew, and when it is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stacks import ed25519_pem

from components import certificate as certificate_component
from components.certificate import _Provider as CertificateProvider
from components.dkim_key import _Provider as KeyProvider
from mail import certificates, dkim

NAMES = ["mail.example.org", "mta-sts.example.org"]
START = datetime(2026, 1, 1, tzinfo=UTC)


def asked(**changes: Any) -> dict[str, Any]:
    return {"domain": "example.org", "selector": "default", "algorithm": "ed25519", **changes}


class TestADkimKeyIsMadeOnce:
    provider = KeyProvider()

    def made(self, **changes: Any) -> dict[str, Any]:
        created = self.provider.create(asked(**changes))
        assert created.id == "example.org/default"
        assert created.outs is not None
        return created.outs

    @pytest.mark.parametrize("algorithm", ["rsa2048", "ed25519"])
    def test_of_the_algorithm_asked_for_with_its_public_half(self, algorithm: str) -> None:
        outs = self.made(algorithm=algorithm)
        assert dkim.algorithm_of(outs["private_pem"]) == algorithm
        assert outs["public_key"] == dkim.public_key(outs["private_pem"])

    def test_another_one_every_time(self) -> None:
        assert self.made()["public_key"] != self.made()["public_key"]

    @pytest.mark.parametrize(
        "changes",
        [{}, {"__provider": "other code"}, {"algorithm": "rsa4096"}, {"private_pem": None, "public_key": None}],
        ids=["nothing", "code", "algorithm", "outputs left out"],
    )
    def test_no_change_of_anything_else_remakes_it(self, changes: dict[str, Any]) -> None:
        found = self.provider.diff("id", self.made(), asked(**changes))
        assert found.changes is False
        assert not found.replaces

    def test_even_an_update_keeps_it(self) -> None:
        outs = self.made()
        assert self.provider.update("id", outs, asked()).outs == outs

    def test_another_algorithm_is_refused_with_the_mend(self) -> None:
        (failure,) = self.provider.check(asked(), asked(algorithm="rsa2048")).failures
        assert failure.property == "algorithm"
        assert failure.reason == (
            "selector default of example.org has a key of algorithm ed25519, and a selector keeps its key: "
            "add a selector of algorithm rsa2048 instead"
        )

    @pytest.mark.parametrize("olds", [{}, {"domain": "example.org", "selector": "default", "algorithm": "ed25519"}])
    def test_the_same_algorithm_is_right(self, olds: dict[str, Any]) -> None:
        checked = self.provider.check(olds, asked())
        assert checked.failures == []
        assert checked.inputs == asked()


class TestADkimKeyIsAdopted:
    provider = KeyProvider()

    def test_as_it_is(self) -> None:
        outs = self.provider.create(asked(adopt=ed25519_pem(1))).outs
        assert outs is not None
        assert outs["private_pem"] == ed25519_pem(1)
        assert outs["public_key"] == dkim.public_key(ed25519_pem(1))
        assert self.provider.diff("id", outs, asked(adopt=ed25519_pem(1))).changes is False

    def test_in_the_place_of_another_without_replacing_the_resource(self) -> None:
        outs = self.provider.create(asked()).outs
        news = asked(adopt=ed25519_pem(2))
        found = self.provider.diff("id", outs or {}, news)
        assert (found.changes, bool(found.replaces)) == (True, False)
        updated = self.provider.update("id", outs or {}, news).outs
        assert updated is not None
        assert updated["public_key"] == dkim.public_key(ed25519_pem(2))

    def test_and_kept_when_the_setting_goes(self) -> None:
        outs = self.provider.create(asked(adopt=ed25519_pem(1))).outs
        assert self.provider.diff("id", outs or {}, asked()).changes is False


class TestACertificateIsRenewedInTime:
    provider = CertificateProvider()

    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        class Clock(datetime):
            current = START

            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return cls.current.astimezone(tz)

        monkeypatch.setattr(certificate_component, "datetime", Clock)
        return Clock

    @pytest.fixture
    def made(self, clock: Any) -> dict[str, Any]:
        created = self.provider.create({"names": NAMES})
        assert created.id == NAMES[0]
        assert created.outs is not None
        assert clock.current == START
        return created.outs

    @staticmethod
    def check(outs: dict[str, Any], names: list[str], now: datetime) -> None:
        certificates.check(outs["certificate"] + outs["ca_certificate"], outs["private_key"], names, now=now)

    def test_covers_the_names_and_is_of_its_ca(self, made: dict[str, Any]) -> None:
        self.check(made, NAMES, START)

    def test_nothing_is_due_while_more_than_a_third_of_its_life_is_left(self, clock: Any, made: dict[str, Any]) -> None:
        for days in (0, 1, 240):
            clock.current = START + timedelta(days=days)
            assert self.provider.diff("id", made, {"names": NAMES}).changes is False

    def test_a_change_of_code_is_no_change(self, made: dict[str, Any]) -> None:
        assert self.provider.diff("id", made, {"names": NAMES, "__provider": "other"}).changes is False

    def test_when_due_it_is_renewed_in_place_by_the_same_ca(self, clock: Any, made: dict[str, Any]) -> None:
        clock.current = START + timedelta(days=250)
        found = self.provider.diff("id", made, {"names": NAMES})
        assert (found.changes, bool(found.replaces)) == (True, False)
        renewed = self.provider.update("id", made, {"names": NAMES}).outs
        assert renewed is not None
        assert renewed["ca_certificate"] == made["ca_certificate"]
        assert renewed["ca_private_key"] == made["ca_private_key"]
        assert renewed["certificate"] != made["certificate"]
        assert renewed["private_key"] != made["private_key"]
        self.check(renewed, NAMES, START + timedelta(days=600))
        assert self.provider.diff("id", renewed, {"names": NAMES}).changes is False

    def test_other_names_are_covered_at_once_by_the_same_ca(self, clock: Any, made: dict[str, Any]) -> None:
        names = [*NAMES, "mta-sts.example.net"]
        assert self.provider.diff("id", made, {"names": names}).changes is True
        renewed = self.provider.update("id", made, {"names": names}).outs
        assert renewed is not None
        assert renewed["ca_certificate"] == made["ca_certificate"]
        self.check(renewed, names, clock.current)

    def test_a_ca_that_is_due_is_made_anew(self, clock: Any, made: dict[str, Any]) -> None:
        clock.current = START + timedelta(days=2500)
        renewed = self.provider.update("id", made, {"names": NAMES}).outs
        assert renewed is not None
        assert renewed["ca_certificate"] != made["ca_certificate"]
        self.check(renewed, NAMES, clock.current)
