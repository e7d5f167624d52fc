"""What Pulumi runs where no provider can do the work: small programs that need nothing but Python and `docker`.

Each is `python3 -m components.commands.PROGRAM`, run in the project's folder. What it works on comes in the
environment; secrets come on standard input alone, as JSON. A failure is one sentence on standard error.
"""
