"""What every resource type of the docker provider is made of: a model of its inputs, rules, and four actions."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic

from docker import APIClient

from lab.plugins.diffing import Rules
from lab.plugins.inputs import Inputs, InputsT
from lab.plugins.properties import Plain
from lab.plugins.serving import ResourceError


class Label(Inputs):
    """One label, as Pulumi writes it."""

    label: str
    value: str


def label_map(labels: Iterable[Label]) -> dict[str, str]:
    """Labels as Docker has them."""
    return {item.label: item.value for item in labels}


def label_list(labels: Mapping[str, str] | None) -> list[Plain]:
    """Labels as Pulumi has them."""
    return [{"label": name, "value": value} for name, value in sorted((labels or {}).items())]


@dataclass(frozen=True)
class Resource:
    """What an action made or found: the Pulumi id, and outputs beside the inputs."""

    id: str
    computed: dict[str, Plain] = field(default_factory=dict)


class FoundWantingError(ResourceError):
    """The resource is there, but not as it should be: it is recorded as it was found, and the operation fails."""

    def __init__(self, message: str, found: Resource) -> None:
        super().__init__(message)
        self.found = found


class ResourceType(ABC, Generic[InputsT]):
    """One type of resource. The actions block, and raise `ResourceError` or a Docker SDK error."""

    model: type[InputsT]
    rules: Rules
    computed: ClassVar[frozenset[str]]
    """Outputs that are no inputs."""

    @abstractmethod
    def create(self, client: APIClient, inputs: InputsT) -> Resource:
        """Make it."""

    @abstractmethod
    def read(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> Resource | None:
        """What it is like now; None if it is gone."""

    @abstractmethod
    def update(self, client: APIClient, resource_id: str, state: Mapping[str, Plain], inputs: InputsT) -> Resource:
        """Change it in place from this state to these inputs."""

    @abstractmethod
    def delete(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> None:
        """Remove it; if it is gone already, that is fine."""
