"""The client of docs/uploads.md, as a reader copies it, against a web process that is killed on the way."""

import re
import threading
from pathlib import Path
from typing import Any

from tests.support.stack import ROOT, wait_for

MIB = 1024**2
_RECEIVED = """
from tasks.models import Upload
answer = sum(Upload.objects.values_list("received", flat=True))
"""
_PATH = """
from tasks.models import Upload
from tasks.uploaded import path_of
upload = Upload.objects.get()
answer = [str(upload.pk), str(path_of(upload.pk, upload.name))]
"""


def test_the_documented_client_goes_on_after_kills(stack_factory, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "uploads.md").read_text(), re.DOTALL)
    scope: dict[str, Any] = {}
    exec(code, scope)
    stack = stack_factory()
    stack.user("alice", launch=True)
    token, file = stack.token("alice"), tmp_path / "large.bin"
    content = b"".join(bytes([n]) * 4096 * (n + 1) for n in range(200))  # 78.5 MiB
    file.write_bytes(content)
    got: list[str] = []
    uploading = threading.Thread(target=lambda: got.append(scope["upload"](file, stack.url, token)), daemon=True)
    uploading.start()
    for share in (0.2, 0.6):
        wait_for(lambda share=share: stack.run(_RECEIVED) > share * len(content), f"{share} is there")
        stack.kill("daphne")
        assert stack.run(_RECEIVED) < len(content), "killed too late"
        stack.start("daphne")
    uploading.join(60)
    number, path = stack.run(_PATH)
    assert got == [number]
    assert Path(path).read_bytes() == content
