"""What a change of an SPF record means."""

from __future__ import annotations

from collections.abc import Iterator

from changes.change import Change
from changes.markdown import value
from settings import Domain

_STRICTNESS = {"?": 0, "~": 1, "-": 2}


def changes(before: Domain, after: Domain) -> Iterator[Change]:
    """Yield the change of a domain's SPF record, if there is one."""
    if before.spf == after.spf:
        return
    was, now = _terms(before.spf), _terms(after.spf)
    gone = [term for term in was if term not in now and not _is_all(term)]
    new = [term for term in now if term not in was and not _is_all(term)]
    end_was, end_now = _end(was), _end(now)
    said, hurts = [], False
    if gone:
        hurts = True
        said.append(f"What {_listed(gone)} listed may not send in the domain's name any more: its mail fails SPF.")
    if new:
        said.append(f"What {_listed(new)} lists may send in the domain's name.")
    if end_was != end_now:
        stricter = _STRICTNESS.get(end_now, 0) > _STRICTNESS.get(end_was, 0)
        hurts = hurts or (stricter and end_now == "-")
        said.append(_END[end_now] if end_now else "What other hosts send is judged by the record that it points to.")
    if not said:
        moved = any(term[0] in "-~?" for term in now if not _is_all(term))
        hurts = moved
        said.append("The terms are read in another order" + (", and the first that matches decides." if moved else "."))
    yield Change(
        area="Policies",
        subject=f"SPF of {after.name}",
        before=before.spf,
        after=after.spf,
        meaning=" ".join(said),
        token=f"spf {after.name} {after.spf}" if hurts else None,
    )


_END = {
    "-": "What other hosts send in its name is refused by many receivers at once, also mail that was forwarded.",
    "~": "What other hosts send in its name is suspect, and DMARC decides.",
    "?": "What other hosts send in its name is not judged by SPF: forging it gets easier.",
}


def _terms(text: str) -> list[str]:
    return [term.lower().removeprefix("+") for term in text.split()[1:]]


def _is_all(term: str) -> bool:
    return term.lstrip("-~?") == "all"


def _end(terms: list[str]) -> str:
    """Return the qualifier of `all`; empty where the record ends in a redirect."""
    return next((term[0] for term in terms if _is_all(term)), "")


def _listed(terms: list[str]) -> str:
    return ", ".join(value(term) for term in terms)
