"""Becomes one program that must not outlive its starter: `python child.py SIGNAL USER PARENT COMMAND...`.

SIGNAL (a number) is what the program gets when the thread that started it dies, 0 for none; USER an account to change to, or "-";
PARENT the pid of the starter.
Runs isolated and imports the standard library only, so that it starts in a few milliseconds and works from any account.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def become(account: str, libc: ctypes.CDLL) -> None:
    """Change to an unprivileged account that may still read this folder.

    PostgreSQL refuses to run as root; its files may lie below a home folder only root may enter. CAP_DAC_OVERRIDE is kept for
    that instead of opening the folders to everybody. Where it cannot be kept, the account needs ordinary access.
    """
    entry = pwd.getpwnam(account)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    bit = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low and high words
    if libc.capset(header, sets) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main() -> None:
    signal, account, parent, command = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if account != "-":
            become(account, libc)
        # After the change of account, which clears it.
        libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
        if signal and os.getppid() != parent:  # the starter died before the line above
            sys.exit(1)
    os.execvpe(command[0], command, os.environ)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
