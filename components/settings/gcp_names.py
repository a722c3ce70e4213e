"""Names at Google Cloud for what has names of another form: short enough, beginning with a letter, and no two alike."""

from __future__ import annotations

import hashlib

#: compute v1: the longest of almost every name.
_LONGEST = 63

#: A service account's id has 6 to 30 characters (iam v1, CreateServiceAccountRequest.accountId).
_SHORTEST_ACCOUNT, _LONGEST_ACCOUNT = 6, 30


def shortened(wanted: str, longest: int = _LONGEST) -> str:
    """The name itself, its dots as dashes; one that is too long is cut, and ends in a mark of the whole."""
    plain = wanted.replace(".", "-").lower()
    return plain if len(plain) <= longest else f"{plain[: longest - 9].rstrip('-')}-{_mark(wanted)}"


def named_after(host: str) -> str:
    """A DNS name, or a wildcard, as a name. Where another one could become the same, it ends in a mark of its own."""
    plain = host.replace("*", "wildcard").replace(".", "-")
    plain = plain if plain[:1].isalpha() else f"n-{plain}"
    # Dots become dashes, so that one that is there already may mean two names; so may the words put in front.
    alone = "-" not in host and not host.startswith("wildcard.") and (host[:1].isalpha() or host[:1] == "*")
    return shortened(plain if alone else f"{plain[: _LONGEST - 9].rstrip('-')}-{_mark(host)}")


def account_id(stack: str, name: str) -> str:
    """The id of the service account of that name, one for each stack."""
    return shortened(f"{stack}-{name}", _LONGEST_ACCOUNT).ljust(_SHORTEST_ACCOUNT, "0")


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
