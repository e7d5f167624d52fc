"""A resource's inputs as a pydantic model, and what is wrong with them as check failures.

A model names its fields in Python's way, and has them in Pulumi's:

    class VolumeInputs(Inputs):
        name: str
        driver_opts: dict[str, str] = Field(default_factory=dict)

In `check`, while some values may not be known yet, `check(RULES, request, partial(problems, VolumeInputs))` of
lab.plugins.diffing; in `create` and `update`, `parse(VolumeInputs, plain_map(request.properties))`.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pulumi.provider.experimental.provider import CheckFailure
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from lab.plugins.properties import Plain, has_unknown


class Inputs(BaseModel):
    """Inputs under their Pulumi (camelCase) names; a name outside the model is an error, never ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def names(cls) -> set[str]:
        """All Pulumi names."""
        return {info.alias or name for name, info in cls.model_fields.items()}

    @classmethod
    def required(cls) -> set[str]:
        """The Pulumi names without a default."""
        return {info.alias or name for name, info in cls.model_fields.items() if info.is_required()}


InputsT = TypeVar("InputsT", bound=Inputs)


def parse(model: type[InputsT], inputs: Mapping[str, Plain]) -> InputsT:
    """The inputs as the model; they have no problems."""
    return model.model_validate({name: value for name, value in inputs.items() if value is not None})


def problems(model: type[Inputs], inputs: Mapping[str, Plain]) -> list[CheckFailure]:
    """What is wrong with the inputs, leaving out each that is not known yet; values are never repeated."""
    known = {name: value for name, value in inputs.items() if value is not None and not has_unknown(value)}
    not_known = {(name,) for name in inputs.keys() - known.keys()}
    try:
        model.model_validate(known)
    except ValidationError as error:
        return [
            CheckFailure(_path(problem["loc"]), _reason(problem))
            for problem in error.errors(include_url=False, include_input=False)
            if not (problem["type"] == "missing" and problem["loc"] in not_known)
        ]
    return []


def _path(location: tuple[int | str, ...]) -> str:
    """`("uploads", 0, "permissions")` as Pulumi writes it: `uploads[0].permissions`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".")


def _reason(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return f"'{_path(problem['loc'])}' is not supported by the lab's plugin"
    if problem["type"] == "missing":
        return f"'{_path(problem['loc'])}' is required"
    return f"'{_path(problem['loc'])}': {problem['msg'].removeprefix('Value error, ')}"
