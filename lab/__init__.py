"""One machine's stand-ins for what a mail domain needs from outside: Docker, Pulumi, Cloudflare, DNS.

`make up` and its relations call `python -m lab`. The lab takes the official Pulumi command, provider plugins
and images where they can be had, and otherwise builds or supplies its own; the program in `__main__.py`
cannot tell. Nothing in here knows the program, and the program knows nothing of the lab.
"""
