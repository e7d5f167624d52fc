"""The plugin `cloudflare`: DNS records and the look-up of a zone, through Cloudflare's own Python client.

The rules are those of the official provider: which change replaces a record, what a left-out input means, that
the state holds what the program sent until a refresh reads what Cloudflare stored. So a name in capitals, a TXT
content without quotes or an SRV record without its `priority` shows as a change after the next refresh, here
as there. Where it differs:

- a name given short (`www`, `@`) shows as such a change; the official provider hides that one;
- deleting a record that is gone already succeeds;
- a record that Cloudflare made before its answer was lost is found and taken; the official provider fails, and says at
  the next `up` that an identical record exists, which then has to be imported or deleted;
- a 404 that Cloudflare did not say (a wrong baseUrl, a proxy) is an error, not a record that is gone;
- `includeShadowMetadata`, `privateRouting` and the credentials other than an API token are not there.
"""
