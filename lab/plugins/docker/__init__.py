"""The docker provider for the resources this program uses, with the official 5.2 provider's rules.

The official one is Terraform's `kreuzwerker/docker` 4.x behind Pulumi's bridge; where a comment here says "official",
it is the behaviour of that source. What is read back into the state, and so what a second `up` sees as changed, is
reproduced on purpose: `memorySwap` left out, a health check interval of `1m` instead of `1m0s` or cpus of `0.50`
cause the same changes there.

Deliberately not offered: building images, registries with credentials in the provider's configuration, swarm
resources, automatic names. An input outside what is offered fails the preview by its name.
"""
