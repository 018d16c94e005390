"""Escape sequences of terminals: colours stay, nothing else does."""

import pytest

from tasks.ansi import only_colours, plain
from tasks.attempt import Attempt

RED, OFF = "\x1b[1;31m", "\x1b[0m"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("no escapes", "no escapes"),
        (f"{RED}red{OFF}", f"{RED}red{OFF}"),
        ("\x1b[38;2;1;2;3mx\x1b[m", "\x1b[38;2;1;2;3mx\x1b[m"),
        ("\x1b[2K\x1b[1A\x1b[?25lup", "up"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        ("\x1b]0;never ended", ""),
        ("\x1bPdevice\x1b\\c\x1b(Bd\x1bce", "cde"),
        ("end\x1b", "end"),
        ("\x1b\x1b[31mtwice", "\x1b[31mtwice"),
        # What is taken out must not leave a new one behind.
        ("\x1b\x1b[2K[2Kx", "[2Kx"),
        (f"\x1b[{'1;' * 40}mlong", "long"),
    ],
)
def test_only_colours_stay(text, kept):
    assert only_colours(text) == kept
    assert only_colours(kept) == kept
    assert "\x1b" not in plain(kept)


def test_a_job_keeps_colours_and_hides_secrets_that_were_cut_up():
    attempt = Attempt("j", 1, base={}, wake=lambda: None, finish=lambda: None, secrets=("hunter2",))
    attempt.line(f"{RED}it is hun\x1b[Kter2{OFF}")
    [change] = attempt.collect()
    assert change.lines[0]["text"] == f"{RED}it is ********{OFF}"
