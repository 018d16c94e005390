"""The client of docs/protocol.md, as a reader copies it: it follows, survives a lost connection, and ends clean."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.stack import ROOT, Stack

COUNT = "tests.support.plain_tasks.count"


def start(stack: Stack, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "protocol.md").read_text(), re.DOTALL)
    assert "ws://127.0.0.1:8000/ws/" in code
    (folder / "follow.py").write_text(code.replace("ws://127.0.0.1:8000/ws/", stack.ws_url))
    return subprocess.Popen(
        [sys.executable, "-u", "-X", "dev", folder / "follow.py", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_documented_client(stack_factory, tmp_path: Path) -> None:
    stack = stack_factory(TASKCAST_APPS="tests.support.plain_tasks")
    stack.user("alice", launch=True)
    token = stack.token("alice")

    code = "from tasks import launch\nfrom django.contrib.auth import get_user_model\n"
    code += "user = get_user_model().objects.get(username='alice')\nanswer = str(launch(task, args, owner=user).id)"
    job = stack.run(code, task=COUNT, args={"to": 200, "pause": 0.02, "lines": 40})
    with start(stack, tmp_path, token, job) as following:
        assert following.stdout
        assert following.stderr
        first = following.stdout.readline()
        assert first.startswith("at ")
        stack.kill("daphne")
        stack.start("daphne")
        # Not communicate(): what readline() has read beyond its line would be left out.
        said, complaints = following.stdout.read(), following.stderr.read()
    numbers = [int(line.removeprefix("at ")) for line in (first + said).splitlines()[:-1]]
    assert numbers == list(range(0, 200, 5))  # each once, in order, across the lost connection
    assert said.splitlines()[-1] == "succeeded"
    assert (following.returncode, complaints) == (0, "")

    for arguments, words in (
        ((token, "0" * 8 + "-0000" * 3 + "-" + "0" * 12), "no such job"),
        (("wrong", job), "the token"),
    ):
        ended = start(stack, tmp_path, *arguments)
        said, complaints = ended.communicate(timeout=30)
        assert words in said.lower()
        assert len(said.splitlines()) == 1
        assert (ended.returncode, complaints) == (0, "")
