"""A stack that really runs, for the tests under tests/engine and tests/e2e, and the world around it."""
