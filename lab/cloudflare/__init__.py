"""The lab's Cloudflare: zones and DNS records of the v4 API, with records that are really served over DNS.

`python -m lab.cloudflare.server` answers the API on loopback and writes zone files which CoreDNS serves. A
zone behaves like one on Cloudflare's free plan. What is checked, how it is stored and which error comes
back follows Cloudflare's API as its documentation, its own clients and reports of its users describe it;
the exceptions are:

- a record beside a CNAME of the same name is refused unless the CNAME is proxied: plain DNS cannot serve
  both;
- a CNAME at the zone's apex is refused, where Cloudflare would flatten it;
- a TTL of 1 (automatic) is served as 60 seconds instead of 300, so that a change is seen soon;
- a proxied record is answered with stand-in addresses (`--anycast-ipv4`, `--anycast-ipv6`) where nothing
  is;
- there is no limit on the number of records or on the rate of requests;
- the types URI, NAPTR, LOC, CERT, DNSKEY and OPENPGPKEY are not there.
"""
