"""One thing is wrong with the site that serves the MTA-STS policy, and exactly its own check says so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from mail import certificates, mta_sts
from tests.live.mutants import SITE, Site, certificate, listening, policy_site
from tests.live.verdicts import DOMAIN, MX, Checker, flipped, ids
from verify.result import Result

pytestmark = pytest.mark.e2e

HOST = f"mta-sts.{DOMAIN}"
AT = {HOST: [SITE]}
WEEK = mta_sts.DEFAULT_MAX_AGE


@pytest.fixture
def site(checker: Checker) -> Site:
    """What the stack's own site answers."""
    return Site(policy=checker.stack.outputs["domains"][DOMAIN]["mta_sts"]["policy"])


def worse(checker: Checker, site: Site, change: Callable[[Site], object]) -> list[Result]:
    """The rows that become worse once the site is changed."""
    before = checker.before("policy", connect=AT, within=partial(policy_site, DOMAIN, site))
    change(site)
    with policy_site(DOMAIN, site):
        return flipped(before, checker.look("policy", connect=AT))


def set_to(**values: object) -> Callable[[Site], None]:
    """Give the site these attributes."""

    def change(site: Site) -> None:
        for name, value in values.items():
            setattr(site, name, value)

    return change


def stranger() -> certificates.Issued:
    """A certificate by an authority that nobody trusts."""
    return certificate(HOST, authority=certificates.issue_ca("nobody's CA", now=datetime.now(UTC)))


@pytest.mark.parametrize(
    ("check", "change", "said"),
    [
        ("policy-status", set_to(status=301, headers={"Location": f"https://www.{DOMAIN}/"}), "redirect"),
        ("policy-status", set_to(status=404), "404"),
        ("policy-type", set_to(headers={"Content-Type": "text/html"}), "text/html"),
        ("policy-size", set_to(policy="version: STSv1\r\n" + "x: y\r\n" * 1_700_000), "64"),
        ("policy-syntax", set_to(policy="<html>It works</html>"), "version"),
        ("policy-mx", set_to(policy=mta_sts.policy_text("testing", [f"old.{DOMAIN}"], WEEK)), MX),
        ("policy-mode", set_to(policy=mta_sts.policy_text("enforce", [MX], WEEK)), "enforce"),
        ("policy-id", set_to(policy=mta_sts.policy_text("testing", [MX], WEEK + 1)), "id"),
        ("policy-expiry", lambda site: set_to(certificate=certificate(HOST, age=timedelta(days=400)))(site), "expired"),
        ("policy-name", lambda site: set_to(certificate=certificate(f"www.{DOMAIN}"))(site), f"www.{DOMAIN}"),
        ("policy-chain", lambda site: set_to(certificate=stranger())(site), "CA"),
    ],
)
def test_flips(checker: Checker, site: Site, check: str, change: Callable[[Site], object], said: str) -> None:
    rows = worse(checker, site, change)
    assert ids(rows) == {check}, rows
    assert {row.verdict for row in rows} == {"fail"}
    assert said in f"{rows[0].expected} | {rows[0].found} | {rows[0].mend}"


def test_max_age_of_an_hour_is_a_warning(checker: Checker, site: Site) -> None:
    text = mta_sts.policy_text("testing", [MX], 3600)
    rows = worse(checker, site, set_to(policy=text))
    assert ids(rows) <= {"policy-max-age", "policy-id"}
    assert [row.verdict for row in rows if row.check == "policy-max-age"] == ["warn"]


def test_closed_port(checker: Checker, site: Site) -> None:
    before = checker.before("policy", connect=AT, within=partial(policy_site, DOMAIN, site))
    rows = flipped(before, checker.look("policy", connect=AT))
    assert [(row.check, row.verdict) for row in rows] == [("policy-reachable", "fail")]


def test_site_that_takes_the_connection_and_says_nothing(checker: Checker, site: Site) -> None:
    before = checker.before("policy", connect=AT, within=partial(policy_site, DOMAIN, site))
    with listening([443], lambda client, _: client.recv(1) and client.recv(100000), SITE):
        rows = flipped(before, checker.look("policy", connect=AT))
    assert rows
    assert not [row for row in rows if row.verdict == "pass"]
