"""What a person who reads the log of a workflow has to know or mend."""


class CiError(Exception):
    """A step cannot be done. Its text says what failed, why, and what to do."""
