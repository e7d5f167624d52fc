"""The checks of the group policy."""

from verify.catalogue.check import Check

POLICY: tuple[Check, ...] = ()
