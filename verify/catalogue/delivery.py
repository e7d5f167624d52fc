"""The checks of the group delivery."""

from verify.catalogue.check import Check

DELIVERY: tuple[Check, ...] = ()
