"""What zones and records of Route 53 have in common."""

from __future__ import annotations

import re
from typing import Any

from sandbox.aws.provider.call import Call
from sandbox.plugin.call import duration
from sandbox.plugin.problems import MissingError, code

NO_ZONE = "NoSuchHostedZone"
_OCTAL = re.compile(r"\\([0-7]{3})")


def clean(id_: str) -> str:
    """An id without the path that Route 53 puts before it."""
    return id_.rsplit("/", 1)[-1]


def unescape(name: str) -> str:
    r"""A name as people write it: Route 53 tells `*` as `\052`."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), name)


def find_zone(call: Call, id_: str) -> Any:
    """The answer to GetHostedZone.

    Raises:
        MissingError: there is none.
    """
    try:
        return call.client("route53").get_hosted_zone(Id=id_)
    except Exception as error:
        if code(error) == NO_ZONE:
            raise MissingError from error
        raise


def in_sync(call: Call, answer: Any, seconds: float) -> None:
    """Wait until all of Route 53's name servers have the change."""
    change = answer.get("ChangeInfo")
    if not change:
        return
    last = [str(change.get("Status", "PENDING"))]

    def probe() -> bool | None:
        if last[0] != "INSYNC":
            last[0] = call.client("route53").get_change(Id=clean(change["Id"]))["ChangeInfo"]["Status"]
        return True if last[0] == "INSYNC" else None

    limit = call.seconds(seconds)
    call.poll(
        probe,
        limit,
        lambda: f"timeout while waiting for state to become 'INSYNC' (last state: '{last[0]}', timeout: {duration(limit)})",
    )
