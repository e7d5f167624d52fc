"""Zones as Cloudflare has them: read and written through Cloudflare's own client, and set against the stack's records.

It knows the records of `mail/` and the checker's words for failures, and nothing of Pulumi.
"""
