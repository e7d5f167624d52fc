"""`python -m preflight --stack NAME`."""

from verify.process import run

if __name__ == "__main__":
    run("preflight.cli")
