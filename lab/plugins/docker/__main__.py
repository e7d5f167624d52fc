"""`python -m lab.plugins.docker ENGINE_ADDRESS`: the plugin as the engine starts it."""

from lab.plugins.docker.provider import DockerProvider
from lab.plugins.serving import serve

serve("pulumi-docker", DockerProvider())
