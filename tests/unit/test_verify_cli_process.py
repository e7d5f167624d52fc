"""The process of a command, whatever becomes of its input and output."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from recorder import PROGRAM

ROOT = PROGRAM.parent


def run(command: str) -> tuple[int, str]:
    """Run a line of shell in which `$RUN` runs Python; return its exit code and what it complained of."""
    environment = {**os.environ, "RUN": sys.executable}
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("command", "code", "complaint"),
    [
        ('"$RUN" -m verify --list >&-', 0, ""),
        ('"$RUN" -m verify --list > /dev/full', 2, "error: the report cannot be written: No space left on device\n"),
        ('"$RUN" -m verify --only nothing --outputs - 2>&-', 64, ""),
        ('"$RUN" -m verify --only nothing --outputs - 2> /dev/full', 2, ""),
        (
            '"$RUN" -m verify --outputs - <&-',
            2,
            "error: There is no JSON object in standard input. Give what `pulumi stack output --json --show-secrets` "
            "prints.\n",
        ),
        ('"$RUN" -m preflight --help >&-', 0, ""),
        ('"$RUN" -m preflight 2>&-', 64, ""),
    ],
)
def test_streams_that_are_closed_or_full(command: str, code: int, complaint: str) -> None:
    assert run(command) == (code, complaint)


@pytest.mark.parametrize("module", ["verify", "preflight"])
def test_a_reader_that_stops_is_no_failure(module: str) -> None:
    program = (
        "import os, sys, types\n"
        "from verify.process import run\n"
        "from verify.report.page import Page\n"
        "def main(_):\n"
        "    for _ in range(10000):\n"
        "        Page(sys.stdout).line('x' * 100)\n"
        "    return 0\n"
        f"sys.modules['{module}.fake'] = types.SimpleNamespace(main=main)\n"
        f"run('{module}.fake')\n"
    )
    code, complaint = run(f'set -o pipefail; "$RUN" -c "{program}" | head -1')
    assert (code, complaint) == (2, "")


def test_ctrl_c_while_the_modules_are_read(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n")
    program = "from verify.process import run; run('slow')"
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, "error: interrupted\n")
