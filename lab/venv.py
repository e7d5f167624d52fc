"""Makes the virtual environment: `python3 lab/venv.py STAMP REQUIREMENTS...`.

STAMP is a file in the environment that the Makefile names after the content of the requirement files; it is
written when all is installed. This runs before anything is: standard library only.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = (3, 11)


def main(stamp: Path, requirements: list[str]) -> str:
    """Make the environment, or complete it; the result is what went wrong, as one sentence."""
    if sys.version_info[:2] < NEEDED:
        return (
            f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}. "
            "Install one and name it: make PYTHON=python3.11 ..."
        )
    venv = stamp.parent
    python = venv / "bin" / "python"
    if not python.exists():
        print(f"making the virtual environment {venv} ...", file=sys.stderr)
        if problem := make_venv(venv):
            return problem
    print(f"installing {', '.join(requirements)} into {venv} ...", file=sys.stderr)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    files = [argument for name in requirements for argument in ("--requirement", name)]
    if subprocess.run([*pip, *files], check=False).returncode != 0:
        return f"pip could not install {', '.join(requirements)}; what it said is above. Run this again."
    stamp.touch()
    return ""


def make_venv(venv: Path) -> str:
    """Make an empty environment; Debian keeps a part of the standard library for that in a package of its own."""
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    if (
        subprocess.run(
            [sys.executable, "-c", "import ensurepip, venv"], check=False, stderr=subprocess.DEVNULL
        ).returncode
        != 0
    ):
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            return f"Python's venv module is missing. Install it (Debian: apt install {package}) and run this again."
        print(f"installing {package} with apt-get ...", file=sys.stderr)
        for apt in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *apt], check=False, stdout=subprocess.DEVNULL)
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode != 0:
        return f"`{' '.join(command)}` failed: {(made.stderr or made.stdout).strip()}"
    return ""


if __name__ == "__main__":
    complaint = main(Path(sys.argv[1]), sys.argv[2:])
    sys.exit(f"error: {complaint}" if complaint else 0)
