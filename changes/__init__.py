"""The change in words: two versions of a stack file, and what the difference means for delivery.

`python -m changes`; `docs/changes.md` says how it is read. It needs no cloud, no state and no secret.
"""
