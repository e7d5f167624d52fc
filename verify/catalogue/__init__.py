"""All checks: what each means, where it comes from, and which marks of other scoring tools it resembles."""

from __future__ import annotations

from verify.catalogue.check import GROUPS, Check, Group
from verify.catalogue.delivery import DELIVERY
from verify.catalogue.policy import POLICY
from verify.catalogue.reach import REACH
from verify.catalogue.records import RECORDS
from verify.catalogue.transport import TRANSPORT

__all__ = ["CHECKS", "GROUPS", "Check", "Group"]

CHECKS: dict[str, Check] = {check.id: check for check in (*RECORDS, *POLICY, *TRANSPORT, *DELIVERY, *REACH)}
"""By id, in the order of the table."""
