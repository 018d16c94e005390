"""Run as a script between the supervisor and a part: ties the part's life to its parent's, raises the number of files
that it may open, then becomes the part.

    python -I -S child.py PARENT SIGNAL PROGRAM ARGUMENT...

A supervisor that is killed with SIGKILL cannot stop its parts; on Linux the kernel does it then. This must stay a
script of its own: `preexec_fn` would run Python between fork and exec of a process with threads. Standard library only.
"""

import ctypes
import os
import resource
import sys

PR_SET_PDEATHSIG = 1
DESCRIPTORS = 65_536


def main() -> None:
    parent, signal, program, *arguments = sys.argv[1:]
    # A web process holds a descriptor for each socket, and many systems give 1,024 until one asks for more.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if sys.platform == "linux":
        # The flag survives exec. It is bound to the parent's *thread*: parts are spawned by the main thread only.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)  # the parent died before the flag was set
    os.execv(program, [program, *arguments])  # noqa: S606


if __name__ == "__main__":
    main()
