"""What a dynamic resource says when it fails."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_words(doing: str, *expected: type[Exception]) -> Iterator[None]:
    """Have expected errors said in words alone: Pulumi's SDK prints each with the way through the code that led to it.

    Args:
        doing: what could not be done, as in `could not look at ...`.
        expected: errors whose text is a sentence for a person; a `mend` that they have is said, too.

    Raises:
        RuntimeError: in their place.
    """
    try:
        yield
    except expected as error:
        sys.tracebacklimit = 0
        raise RuntimeError(". ".join([f"{doing}: {error}".rstrip("."), getattr(error, "mend", "")]).strip()) from None
