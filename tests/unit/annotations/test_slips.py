"""One letter too many, too few, wrong or swapped in a real key is an error that names the real key."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.annotations import check
from components.annotations.catalogue import Entry
from components.annotations.keys import find
from tests.unit.annotations.samples import ENTRIES, filled

_LETTERS = string.ascii_letters + string.digits + "-._/ "

#: Each key once per kind of object.
_ONCE = list({(entry.kind, entry.key): entry for entry in ENTRIES}.values())


def slip(key: str, place: int, letter: str, edit: str) -> str:
    place %= len(key)
    match edit:
        case "insert":
            return key[:place] + letter + key[place:]
        case "append":
            return key + letter
        case "delete":
            return key[:place] + key[place + 1 :]
        case "replace":
            return key[:place] + letter + key[place + 1 :]
        case _:
            return key[:place] + key[place : place + 2][::-1] + key[place + 2 :]


EDITS = ("insert", "append", "delete", "replace", "swap")


def caught(entry: Entry, written: str) -> bool:
    found = [finding for finding in check(entry.kind, {written: "x"}) if finding.key == written and finding.severity == "error"]
    return any(entry.key in finding.suggestions and entry.key in finding.message for finding in found)


@pytest.mark.parametrize("edit", EDITS)
def test_a_slip_in_any_key(edit: str) -> None:
    # The same places on every run, another one for every key.
    places = random.Random(edit)
    missed = []
    for entry in _ONCE:
        written = slip(filled(entry.key), places.randrange(200), places.choice(_LETTERS), edit)
        if not find(written) and not caught(entry, written):
            missed.append((entry.kind, entry.key, written))
    assert not missed


@settings(max_examples=150)
@given(st.sampled_from(_ONCE), st.integers(0, 200), st.sampled_from(_LETTERS), st.sampled_from(EDITS))
def test_a_slip_anywhere(entry: Entry, place: int, letter: str, edit: str) -> None:
    written = slip(filled(entry.key), place, letter, edit)
    assume(not find(written))
    assert caught(entry, written)
