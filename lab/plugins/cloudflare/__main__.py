"""`python -m lab.plugins.cloudflare ENGINE_ADDRESS`: the plugin as the engine starts it."""

from lab.plugins.cloudflare.provider import CloudflareProvider
from lab.plugins.serving import serve

serve("pulumi-cloudflare", CloudflareProvider())
