"""The form of the records of MTA-STS and TLS-RPT as served."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mail import mta_sts, report_uri, tls_rpt
from verify.checks.declared import SEE_PUBLISHED, or_unknown, served
from verify.checks.single import MTA_STS, TLS_RPT, Kind
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

MEND = "Run `pulumi up --refresh`: it puts back what was changed by hand."

# RFC 8461 section 3.1, RFC 8460 section 3: `;` between the fields, spaces around it, one may end the record.
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([!-:<-~]+)")

Form = Callable[[str], str]


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for domain, expected in look.expected.domains.items():
        sought: list[tuple[Question, Kind, Form]] = []
        for name, check, kind, form, what in (
            (mta_sts.record_name(domain), "mta-sts-record", MTA_STS, sts_fault, "v=STSv1; id=..."),
            (tls_rpt.record_name(domain), "tls-rpt-record", TLS_RPT, tls_rpt_fault, "v=TLSRPTv1; rua=..."),
        ):
            if any(record.name == name and record.type == "TXT" for record in expected.records):
                sought.append((Question(check=check, domain=domain, subject=name, expected=what), kind, form))
        if sought:
            yield Probe(
                group="records", about=tuple(question for question, _, _ in sought), look=partial(_all, look, sought)
            )


async def _all(look: Look, sought: Sequence[tuple[Question, Kind, Form]]) -> list[Result]:
    return list(
        await asyncio.gather(
            *(or_unknown(question, _one(look, question, kind, form)) for question, kind, form in sought)
        )
    )


async def _one(look: Look, question: Question, kind: Kind, form: Form) -> Result:
    texts = (await served(look, question.subject, "TXT")).texts
    own = [text for text in texts if kind.pattern.match(text)] or texts
    if not own:
        return question.skipped(f"{SEE_PUBLISHED}there is none")
    if len(own) > 1:
        return question.skipped(f"see `{kind.check}`: there are {len(own)}")
    fault = form(own[0])
    return question.fails(f"{own[0]}: {fault}", MEND) if fault else question.passes(own[0])


def sts_fault(text: str) -> str:
    """Return why a text is no MTA-STS record (RFC 8461 section 3.1), else ""."""
    fields = _fields(text, "STSv1")
    if isinstance(fields, str):
        return fields
    identifiers = [value for name, value in fields if name == "id"]
    if len(identifiers) != 1:
        return f"id is there {len(identifiers)} times in place of once"
    if not re.fullmatch(r"[A-Za-z0-9]{1,32}", identifiers[0]):
        return "id is not 1 to 32 letters and digits"
    return ""


def tls_rpt_fault(text: str) -> str:
    """Return why a text is no TLS-RPT record (RFC 8460 section 3), else ""."""
    fields = _fields(text, "TLSRPTv1")
    if isinstance(fields, str):
        return fields
    destinations = [value for name, value in fields if name == "rua"]
    if len(destinations) != 1:
        return f"rua is there {len(destinations)} times in place of once"
    try:
        for uri in destinations[0].split(","):
            report_uri.check(uri)
    except ValueError as error:
        return str(error)
    return ""


def _fields(text: str, version: str) -> list[tuple[str, str]] | str:
    """Return the fields after the version, or what is wrong with the text."""
    parts = [part.strip(" \t") for part in text.split(";")]
    if parts[0] != f"v={version}":
        return f"it does not begin with v={version}"
    if not parts[-1]:
        parts.pop()
    fields = []
    for part in parts[1:]:
        # a list of report URIs may have spaces around its commas
        found = _FIELD.fullmatch(re.sub(r"\s*,\s*", ",", part))
        if found is None:
            return f"{part!r} is not written name=value"
        fields.append((found[1], found[2]))
    return fields
