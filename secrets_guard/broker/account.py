"""``--user uid[:gid]`` or ``name[:group]`` -> the ids that a command gets, and this process taking them on."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress
from typing import NamedTuple

from secrets_guard.errors import ManifestError, NotExecutable


class Account(NamedTuple):
    """Who a command runs as; ``home`` is empty where the system does not know the user."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str = ""


def read_account(text: str) -> Account:
    """Return the account that is asked for. Raises ManifestError for one that the system does not know."""
    user, colon, group = text.partition(":")
    if not user or (colon and not group):
        raise ManifestError(f"user: {text!r} is no uid[:gid] or name[:group]")
    known = _entry(user)
    if known is None and not _is_id(user):
        raise ManifestError(f"user: there is no user {user!r} here")
    if known is None and not group:
        raise ManifestError(f"user: uid {user} is nobody's here, so say the group, too: {user}:GID")
    uid = known.pw_uid if known else int(user)
    gid = _group(group) if group else known.pw_gid if known else 0
    # With a group of one's own choice the user's others are not taken, as docker and gosu have it.
    groups = tuple(os.getgrouplist(known.pw_name, gid)) if known and not group else (gid,)
    return Account(uid, gid, groups, known.pw_dir if known else "")


def _entry(user: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(int(user)) if _is_id(user) else pwd.getpwnam(user)
    except KeyError:
        return None


def _group(group: str) -> int:
    if _is_id(group):
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise ManifestError(f"user: there is no group {group!r} here") from None


def _is_id(text: str) -> bool:
    # The highest stands for "none" in setresuid(2).
    return text.isascii() and text.isdecimal() and int(text) < 0xFFFFFFFF


def take_on(account: Account) -> None:
    """Become the account, for good. Raises NotExecutable where this process may not."""
    if (os.getresuid(), os.getresgid()) == ((account.uid,) * 3, (account.gid,) * 3):
        with suppress(PermissionError):  # who is no root has the groups that he has
            os.setgroups(account.groups)
        return
    try:
        os.setgroups(account.groups)
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
    except OSError as error:
        raise NotExecutable(
            f"user: can't become {account.uid}:{account.gid}: {error.strerror}; only root can"
        ) from None
