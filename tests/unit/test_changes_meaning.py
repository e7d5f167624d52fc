"""What a changed stack file means for delivery, in words, and which changes can hurt."""

from typing import Any

import change_files
import pytest
from change_files import base, change, changes, new, plain, sealed, subject

DOMAIN = base()["domains"][0]
DKIM = DOMAIN["dkim"]


def domain(**changed: Any) -> dict[str, Any]:
    """The base with keys of its domain replaced; None removes."""
    return base(**{f"domains__0__{key}": value for key, value in changed.items()})


class TestDmarc:
    @pytest.mark.parametrize(
        ("was", "now", "token"),
        [
            ("none", "quarantine", "dmarc example.org quarantine"),
            ("quarantine", "reject", "dmarc example.org reject"),
            ("none", "reject", "dmarc example.org reject"),
            ("reject", "quarantine", None),
            ("quarantine", "none", None),
        ],
    )
    def test_a_stricter_policy_can_hurt(self, was: str, now: str, token: str | None) -> None:
        found = change(domain(dmarc={"policy": was}), domain(dmarc={"policy": now}))
        assert (found.before, found.after, found.token) == (was, now, token)

    def test_quarantine_in_words(self) -> None:
        found = new(domains__0__dmarc={"policy": "quarantine"})
        assert found.subject == "DMARC policy of example.org"
        assert plain(found) == "DMARC goes from none to quarantine: mail that fails will be put into junk."

    def test_a_default_that_is_written_out_is_no_change(self) -> None:
        assert (
            changes(domain(dmarc=None), domain(dmarc={"policy": "quarantine", "rua": "mailto:postmaster@example.org"}))
            == []
        )

    def test_subdomains_are_told_when_they_part_from_the_domain(self) -> None:
        found = new(domains__0__dmarc={"policy": "none", "subdomainPolicy": "reject"})
        assert (found.subject, found.before, found.after) == (
            "DMARC policy for subdomains of example.org",
            "none",
            "reject",
        )
        assert found.token == "dmarc-sp example.org reject"

    def test_the_end_of_the_test_mode(self) -> None:
        found = change(
            domain(dmarc={"policy": "reject", "testing": True}), domain(dmarc={"policy": "reject", "testing": False})
        )
        assert found.token == "dmarc-testing example.org off"
        assert "applied in full: mail that fails will be refused" in plain(found)

    @pytest.mark.parametrize("key", ["dkimAlignment", "spfAlignment"])
    def test_strict_alignment_can_hurt(self, key: str) -> None:
        assert new(domains__0__dmarc={"policy": "none", key: "s"}).token is not None
        assert changes(base(), domain(dmarc={"policy": "none", key: "r"})) == []

    def test_no_reports(self) -> None:
        found = new(domains__0__dmarc={"policy": "none", "rua": []})
        assert (found.kind, found.token) == ("removed", "dmarc-reports example.org off")

    def test_reports_to_another_domain(self) -> None:
        found = new(domains__0__dmarc={"policy": "none", "rua": "mailto:dmarc@reports.example"})
        assert "reports.example must agree" in plain(found)
        assert not found.can_hurt


class TestMtaSts:
    def mode(self, was: dict[str, Any], now: dict[str, Any]) -> Any:
        return change(domain(mtaSts=was), domain(mtaSts=now))

    @pytest.mark.parametrize("was", [{"mode": "testing"}, {"mode": "none"}, {"enabled": False}])
    def test_enforce_can_hurt(self, was: dict[str, Any]) -> None:
        assert self.mode(was, {"mode": "enforce"}).token == "mta-sts example.org enforce"

    def test_off_without_none_before(self) -> None:
        found = self.mode({"mode": "enforce", "maxAge": 1_209_600}, {"enabled": False})
        assert found.token == "mta-sts example.org off"
        assert "for up to 14 days" in plain(found)
        assert "have mode none first, for as long (RFC 8461, section 8.3)" in plain(found)

    def test_off_after_none_was_served_long_enough(self) -> None:
        found = self.mode({"mode": "none"}, {"enabled": False})
        assert found.can_hurt
        assert "was served for as long as the longest max_age" in plain(found)

    @pytest.mark.parametrize(
        ("was", "now"), [("enforce", "testing"), ("enforce", "none"), ("testing", "none"), ("none", "testing")]
    )
    def test_a_weaker_mode_cannot(self, was: str, now: str) -> None:
        assert not self.mode({"mode": was}, {"mode": now}).can_hurt

    def test_max_age(self) -> None:
        found = self.mode({"mode": "enforce"}, {"mode": "enforce", "maxAge": 31_536_000})
        assert (found.before, found.after) == ("604800 s", "31536000 s")
        assert "365 days" in plain(found)

    def test_another_host_under_enforce(self) -> None:
        found = changes(
            domain(mtaSts={"mode": "enforce"}),
            {**domain(mtaSts={"mode": "enforce"}), "server": {**base()["server"], "hostname": "mx.example.org"}},
        )
        assert [one.token for one in found] == [
            "mta-sts example.org mx mx.example.org",
            "server.hostname mx.example.org",
        ]
        assert "know mail.example.org only" in plain(found[0])


class TestSpf:
    def test_minus_all(self) -> None:
        found = new(domains__0__spf="v=spf1 mx -all")
        assert found.token == "spf example.org v=spf1 mx -all"
        assert "refused by many receivers" in plain(found)

    def test_a_removed_sender(self) -> None:
        found = change(domain(spf="v=spf1 mx include:_spf.example.net ~all"), base())
        assert "What include:_spf.example.net listed may not send" in plain(found)
        assert found.can_hurt

    def test_an_added_sender_and_a_milder_end(self) -> None:
        found = new(domains__0__spf="v=spf1 mx a ?all")
        assert plain(found).startswith("What a lists may send")
        assert not found.can_hurt

    def test_order(self) -> None:
        found = change(domain(spf="v=spf1 a mx ~all"), domain(spf="v=spf1 mx a ~all"))
        assert plain(found) == "The terms are read in another order."
        assert not found.can_hurt

    def test_a_negated_sender(self) -> None:
        assert change(domain(spf="v=spf1 mx a ~all"), domain(spf="v=spf1 mx -a ~all")).can_hurt


class TestKeys:
    def test_a_selector_that_signed_is_removed(self) -> None:
        found = changes(base(), domain(dkim={"selectors": ["s2026"]}))
        removed = next(one for one in found if one.kind == "removed" and "selector s2025" in one.subject)
        assert removed.token == "dkim example.org s2025 removed"
        assert "mail signed with it in the last five days will fail" in plain(removed)
        assert "first, and remove it five days later" in plain(removed)

    def test_a_selector_that_did_not_sign_is_removed(self) -> None:
        found = change(base(), domain(dkim={"selectors": DKIM["selectors"][:1]}))
        assert found.can_hurt
        assert "Right when it has not signed for five days" in plain(found)

    def test_a_selector_for_later(self) -> None:
        found = new(domains__0__dkim={"selectors": [*DKIM["selectors"], "s2027"], "signing": ["s2025"]})
        assert not found.can_hurt
        assert "does not sign yet" in plain(found)

    def test_a_selector_that_signs_at_once_alone(self) -> None:
        found = changes(base(), domain(dkim={"selectors": [*DKIM["selectors"], "s2027"], "signing": ["s2027"]}))
        assert [one.token for one in found] == ["dkim example.org s2027 signs at once", None]

    def test_beside_another(self) -> None:
        found = new(domains__0__dkim={"selectors": [*DKIM["selectors"], "s2027"], "signing": ["s2025", "s2027"]})
        assert not found.can_hurt

    def test_signing_goes_over_to_a_key_that_is_known(self) -> None:
        found = changes(base(), domain(dkim={**DKIM, "signing": ["s2026"]}))
        assert [(subject(one), one.before, one.after) for one in found] == [
            ("Signing with DKIM selector s2025 of example.org", "signs", None),
            ("Signing with DKIM selector s2026 of example.org", None, "signs"),
        ]

    def test_another_key_under_the_same_selector(self) -> None:
        found = new(domains__0__dkim__selectors__0__privateKey=sealed("key-2"))
        assert found.token == "dkim example.org s2025 key changed"
        assert (found.before, found.after) == (None, None)

    def test_another_algorithm(self) -> None:
        found = new(domains__0__dkim__selectors__0__algorithm="ed25519")
        assert found.token == "dkim example.org s2025 ed25519"


class TestAddresses:
    def accounts(self, *names: Any) -> dict[str, Any]:
        return domain(accounts=[*names, *DOMAIN["accounts"]])

    def test_a_removed_account_keeps_its_mail(self) -> None:
        found = change(self.accounts("bert"), base())
        assert found.token == "account bert@example.org removed"
        assert plain(found) == (
            "The login is gone, mail to it is refused (550), and its mail is kept, for an account of this name."
        )

    def test_or_loses_it(self) -> None:
        found = change(self.accounts({"name": "bert", "deleteMailbox": True}), base())
        assert found.token == "account bert@example.org removed with its mail"
        assert "its mail is deleted for good" in plain(found)

    def test_or_becomes_an_alias(self) -> None:
        found = change(self.accounts("bert"), domain(aliases={**DOMAIN["aliases"], "bert": "mail"}))
        assert "mail to it goes to mail@example.org from now on" in plain(found)

    def test_delete_mailbox(self) -> None:
        found = change(self.accounts("bert"), self.accounts({"name": "bert", "deleteMailbox": True}))
        assert found.token == "deleteMailbox bert@example.org"

    def test_an_added_account(self) -> None:
        assert not change(base(), self.accounts("bert")).can_hurt

    def test_a_password(self) -> None:
        found = new(domains__0__accounts__2__password=sealed("anna-2"))
        assert found.token == "password anna@example.org changed"
        assert "The old password is refused" in plain(found)

    def test_the_order_of_accounts_is_no_change(self) -> None:
        assert changes(base(), domain(accounts=DOMAIN["accounts"][::-1])) == []

    def test_a_removed_alias(self) -> None:
        found = new(domains__0__aliases={"team": ["mail", "someone@example.com"]})
        assert found.token == "alias info@example.org removed"

    def test_an_alias_that_ends_elsewhere(self) -> None:
        found = changes(base(), domain(aliases={**DOMAIN["aliases"], "info": "anna"}))
        assert [(subject(one), one.before, one.after) for one in found] == [
            ("Alias info@example.org", "mail@example.org", "anna@example.org"),
            (
                "Alias team@example.org",
                "mail@example.org, someone@example.com",
                "anna@example.org, someone@example.com",
            ),
        ]
        assert not any(one.can_hurt for one in found)

    def test_postmaster_goes_to_somebody_else(self) -> None:
        def to(target: str) -> dict[str, Any]:
            return domain(accounts=["mail", "anna"], aliases={"postmaster": target})

        found = change(to("mail"), to("anna"))
        assert found.token == "alias postmaster@example.org anna@example.org"
        assert "somebody must read it" in plain(found)


SECOND = {"name": "example.net", "accounts": [{"name": "postmaster", "deleteMailbox": True}]}


class TestDomains:
    def two(self) -> dict[str, Any]:
        return base(domains=[DOMAIN, SECOND])

    def test_a_removed_domain(self) -> None:
        found = changes(self.two(), base())
        assert [one.token for one in found] == [
            "domain example.net removed",
            "account postmaster@example.net removed with its mail",
        ]
        assert plain(found[0]).startswith("Its records vanish and mail to it bounces")

    def test_an_added_domain(self) -> None:
        found = change(base(), self.two())
        assert found.token == "domain example.net added"
        assert "cover mta-sts.example.net" in plain(found)
        assert "web site there vanishes" in plain(found)

    def test_the_order_is_that_of_bounces(self) -> None:
        found = change(self.two(), base(domains=[SECOND, DOMAIN]))
        assert (found.subject, found.after) == ("Primary domain", "example.net")

    def test_apex_off(self) -> None:
        found = change(domain(apex=True), base())
        assert found.token == "apex example.org false"
        assert "vanish" in plain(found)

    def test_a_domain_in_another_spelling_is_the_same(self) -> None:
        assert changes(base(), domain(name="EXAMPLE.org")) == []


class TestEncryption:
    def test_secrets_encrypted_anew_are_one_change(self) -> None:
        before = change_files.version(base())
        after = change_files.version(
            base(
                domains__0__accounts__2__password=sealed("x"),
                domains__0__dkim__selectors__0__privateKey=sealed("y"),
                cloudflare={"apiToken": sealed("z")},
            ),
            salt="v1:another",
        )
        (found,) = change_files.comparison.compare(before, after)
        assert found.token == "secrets encrypted anew"

    def test_a_secret_that_comes_is_told_all_the_same(self) -> None:
        before = change_files.version(base())
        after = change_files.version(
            base(domains__0__accounts__0={"name": "mail", "password": sealed("x")}), salt="v1:another"
        )
        tokens = [found.token for found in change_files.comparison.compare(before, after)]
        assert tokens == ["secrets encrypted anew", "password mail@example.org added"]
