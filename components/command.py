"""A run of one of the programs in `components.commands`, as a Pulumi resource."""

from collections.abc import Mapping

import pulumi
from pulumi_command import local


def command(
    name: str,
    *,
    program: str,
    environment: Mapping[str, pulumi.Input[str]],
    docker_host: str | None,
    stdin: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> local.Command:
    """Declare a run of one of the programs: when it is new, and whenever something it is given changes.

    Args:
        name: of the resource.
        program: the module's name in `components.commands`.
        environment: what it works on; none of it a secret.
        docker_host: where Docker is, as in `DOCKER_HOST`; None for this machine's.
        stdin: the secrets it works with, as JSON.
        opts: of the resource.
    """
    call = f"python3 -m components.commands.{program}"
    return local.Command(
        name,
        create=call,
        update=call,
        environment={**environment, **({"DOCKER_HOST": docker_host} if docker_host else {})},
        stdin=pulumi.Output.secret(stdin),
        logging=local.Logging.NONE,
        add_previous_output_in_env=False,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(additional_secret_outputs=["stdout", "stderr"]),
        ),
    )
