"""The checks of the group reach."""

from verify.catalogue.check import Check

REACH: tuple[Check, ...] = ()
