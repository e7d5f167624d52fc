"""What all parts of a stack file share."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A map of the stack file: camelCase keys, no key that is not known, nothing changed after validation."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Kind(NamedTuple):
    """What a value is, in the words of docs/configuration.md, where its type does not say it; for `Annotated`."""

    words: str


class Fault(NamedTuple):
    """Something wrong between settings that are each right by themselves.

    Attributes:
        key: where, as in the stack file, below the model that found it; empty for that model itself.
        text: the value, the reason and the mend.
    """

    key: str
    text: str


class FaultsError(ValueError):
    """All that a model found wrong, for a validator to raise; a ValueError alone could say one thing only."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.key}: {fault.text}" for fault in self.faults))


def raise_all(faults: Iterable[Fault]) -> None:
    """Raise `FaultsError` if there are any."""
    if found := tuple(faults):
        raise FaultsError(found)


def path_of(*steps: str | int) -> str:
    """Return a setting's path as `pulumi config set --path` takes it, such as `domains[0].aliases["first.last"]`."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.isidentifier():
            path += f".{step}" if path else step
        else:
            path += f"[{json.dumps(step, ensure_ascii=False)}]"
    return path
