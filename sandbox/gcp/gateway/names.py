"""Names of what the controller makes: `gkegw1-<cluster>-<namespace>-<name>-<hash>`, in the form that GKE's have."""

from __future__ import annotations

import hashlib
import string

_LONGEST = 63
_HASH = 12
_DIGITS = string.digits + string.ascii_lowercase


class Namer:
    """Makes names that belong to one cluster."""

    def __init__(self, cluster: str) -> None:
        """`cluster` tells it from others; what it is made into stands in every name."""
        self._prefix = f"gkegw1-{_hash(cluster, 4)}"

    def name(self, *fields: str, of: str) -> str:
        """A name for people, told from others by what it is the name of.

        Args:
            fields: shortened alike until the name is not too long.
            of: two names differ if these do.
        """
        shown = _shortened(fields, _LONGEST - len(self._prefix) - _HASH - 2)
        return "-".join([self._prefix, *shown, _hash(of, _HASH)])


def _shortened(fields: tuple[str, ...], room: int) -> list[str]:
    """The longest gives way first."""
    parts = [field.replace(".", "-") for field in fields]
    while len("-".join(parts)) > room:
        longest = max(range(len(parts)), key=lambda index: len(parts[index]))
        parts[longest] = parts[longest][:-1]
    return parts


def _hash(text: str, length: int) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits += _DIGITS[digit]
    return digits
