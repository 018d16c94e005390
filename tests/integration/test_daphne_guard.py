"""Bodies of requests: not parsed before our code runs, refused early where too large, and forms still work."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest

from tests.support.stack import Stack, megabytes, wait_for

MB = 1024 * 1024


def seconds_of_cpu(web: Stack) -> float:
    with open(f"/proc/{web.pid('daphne')}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_a_large_multipart_post_of_a_stranger_is_refused_and_costs_little(web, kind):
    """Twisted's own parsing of 100 MiB took 2 GB and 26 s of the event loop."""
    piece = b"x" * MB
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'

    def body():
        yield head
        for _ in range(300):
            yield piece
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    if kind == "length":
        headers["Content-Length"] = str(len(head) + 300 * MB + len(b"\r\n--b--\r\n"))
    memory, cpu = megabytes(web), seconds_of_cpu(web)
    try:
        answer = httpx.post(f"{web.url}/accounts/login/", content=body(), headers=headers, timeout=30)
    except httpx.TransportError:
        pass  # a client that insists on sending all of it is cut off
    else:
        assert answer.status_code == 413
    assert megabytes(web, "VmHWM") - memory < 60
    assert megabytes(web) - memory < 20
    assert seconds_of_cpu(web) - cpu < 5


def test_a_client_that_waits_for_the_answer_gets_413(web):
    with socket.create_connection(("127.0.0.1", web.port)) as raw:
        raw.sendall(
            b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 104857600\r\nExpect: 100-continue\r\n\r\n"
        )
        raw.settimeout(5)
        began = time.monotonic()
        answer = b""
        while piece := raw.recv(1000):
            answer += piece
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"Content-Type: application/problem+json" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 413
        assert time.monotonic() - began < 5


def test_small_forms_and_files_still_arrive(web):
    """Django parses what Twisted no longer does: a multipart form with its CSRF token and a file, and a plain one."""
    for files in ({"file": ("a.txt", b"x" * 3 * MB)}, None):
        with httpx.Client(base_url=web.url, headers={"Origin": web.url}) as client:
            client.get("/accounts/login/")
            form = {
                "username": "alice",
                "password": "correct horse",
                "csrfmiddlewaretoken": client.cookies["csrftoken"],
            }
            assert (
                client.post("/accounts/login/", data=form | {"csrfmiddlewaretoken": "x" * 32}, files=files).status_code
                == 403
            )
            assert client.post("/accounts/login/", data=form, files=files).status_code == 302
            assert client.get("/", follow_redirects=False).status_code == 200


def test_twisted_parses_nothing(web):
    """A body just below the bound: twenty at once neither stop the event loop nor stay in memory."""
    content = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 11 * MB + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    cpu = seconds_of_cpu(web)
    for _ in range(3):
        assert httpx.post(f"{web.url}/accounts/login/", content=content, headers=headers, timeout=30).status_code == 403
    assert seconds_of_cpu(web) - cpu < 4
    wait_for(lambda: megabytes(web) < 400, "memory is given back")


def test_a_browser_gets_a_page_that_says_what_to_do(web):
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = httpx.post(f"{web.url}/tasks/x/", content=b"x" * 13 * MB, headers=headers, timeout=30)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "files of up to 10 MiB" in answer.text
    answer = httpx.post(f"{web.url}/api/v1/jobs", content=b"x" * 13 * MB, timeout=30)
    assert (answer.status_code, answer.json()["title"]) == (413, "Content Too Large")
