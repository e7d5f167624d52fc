"""One machine's stand-ins for Cloudflare, public DNS and parts that cannot be downloaded.

The program does not know this package, and this package imports nothing of the program.
"""
