"""`python -m verify`."""

from verify.process import run

if __name__ == "__main__":
    run("verify.cli")
