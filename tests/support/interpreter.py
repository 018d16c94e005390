"""A Python process with Django set up that runs code on request, for a stack's tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SERVER = """
import json, sys, traceback
import django
django.setup()
from django.db import close_old_connections
answers = sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    request = json.loads(line)
    names = dict(request["names"])
    try:
        exec(compile(request["code"], "<stack.run>", "exec"), names)
        reply = {"answer": json.loads(json.dumps(names.get("answer"), default=str))}
    except BaseException:
        reply = {"error": traceback.format_exc()}
    close_old_connections()
    print(json.dumps(reply), file=answers, flush=True)
"""


class Interpreter:
    """Runs snippets one after the other; each starts with fresh names."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            cwd=root,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, names: Mapping[str, Any]) -> Any:
        """Run `code` with `names` and return its variable ``answer``; raises AssertionError with its traceback."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"code": code, "names": dict(names)}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the interpreter ended with {self._process.wait()}")
        reply = json.loads(line)
        if "error" in reply:
            raise AssertionError(reply["error"])
        return reply["answer"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
