"""The benchmarks run from start to end and print their table; how fast it went is not judged here."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SMALL = ("--members", "30", "--rounds", "1", "--queries", "6", "--mails", "30", "--idle-seconds", "0.5")


def test_a_small_run_measures_everything_and_prints_a_table_of_ratios() -> None:
    command = [sys.executable, "-W", "error", "-m", "benchmarks", *SMALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    for what in (
        "alert to 30: last",
        "alert to 30: first copy",
        "memory, 30 members",
        "idle with 30",
        "roster of 30: one mail",
    ):
        assert what in done.stdout
    for what in ("6 signed QUERY mails", "accepting mail, 16 connections"):
        [line] = [line for line in done.stdout.splitlines() if what in line]
        assert re.search(r" \d+\.\d\d ", line), f"no ratio: {line}"
