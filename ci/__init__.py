"""What the workflows under .github/ run besides the program, the checker and Pulumi; `docs/pull-requests.md`.

Every command is `python -m ci COMMAND`. Those that write to GitHub need no secret of a stack: they read what the step
that has them left in a file.
"""
