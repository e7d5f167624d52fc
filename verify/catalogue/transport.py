"""The checks of the group transport."""

from verify.catalogue.check import Check

TRANSPORT: tuple[Check, ...] = ()
