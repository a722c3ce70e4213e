"""Which real keys an unknown one may have been meant to be."""

from __future__ import annotations

from functools import cache, lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from components.annotations.catalogue import catalogue
from components.annotations.keys import literal, parts, prefixes, templates

#: A key this few edits away from a real one is a slip of the pen, whatever its prefix.
SLIP = 2

#: How alike (0 to 1) a strange prefix must be to a known one, so that the same name behind it is no coincidence.
_ALIKE = 0.65

#: How alike (0 to 100) two names of one prefix must be for one to be meant by the other.
_WORDY = 70

_MOST = 3


@lru_cache(maxsize=4096)  # the same foreign key stands on many objects
def nearest(key: str, kind: str, controllers: frozenset[str] | None) -> tuple[str, ...]:
    """The real keys nearest to one that nobody reads, those for this kind of object first. None if it is nobody's business."""
    prefix, slash, name = key.partition("/")
    found = _by_edits(key)
    if not found:
        found |= dict.fromkeys(_same_name(prefix, name.strip("/")) if slash else _tails(key, kind), 0.0)
        if slash and (known := _known_prefix(prefix)):
            found |= {key: SLIP + far for key, far in _by_words(known, name).items()}
    chosen = {known: edits + _strange(known, kind, controllers) for known, edits in found.items()}
    # What is much farther than the nearest is not what was meant.
    best = [known for known in chosen if chosen[known] <= min(chosen.values()) + 1]
    return tuple(sorted(best, key=lambda known: (chosen[known], known))[:_MOST])


def mistyped(prefix: str) -> bool:
    """Whether a prefix is a known one, or one letter away from it."""
    return _known_prefix(prefix) is not None


def _known_prefix(prefix: str) -> str | None:
    if prefix in prefixes():
        return prefix
    one = process.extractOne(prefix, sorted(prefixes()), scorer=OSA.distance, score_cutoff=1)
    return one[0] if one else None


def _by_edits(key: str) -> dict[str, float]:
    """Keys that few insertions, deletions, replacements and swaps of letters lead to."""
    matches = process.extract(key, _plain(), scorer=OSA.distance, score_cutoff=SLIP, limit=20)
    found = {known: float(edits) for known, edits, _ in matches}
    for template in templates():
        head = literal(template)
        if OSA.distance(head, key[: len(head)], score_cutoff=SLIP + 1) <= SLIP + 1:
            edits = edits_to(template, key)
            if edits <= SLIP:
                found[template] = float(edits)
    return found


def edits_to(template: str, key: str) -> int:
    """Insertions, deletions and replacements from a key to some filling of a template; a placeholder is any text but none."""
    before: list[int] = list(range(len(key) + 1))
    for row, letter in enumerate(parts(template), 1):
        line = [row]
        for column, given in enumerate(key, 1):
            missing, over, same = before[column] + 1, line[column - 1], before[column - 1]
            line.append(min(missing, over, same) if letter is None else min(missing, over + 1, same + (letter != given)))
        before = line
    return before[-1]


def _same_name(prefix: str, name: str) -> list[str]:
    """Keys with this very name behind a prefix that looks like the given one."""
    return [
        known
        for known in catalogue().entries
        if known.partition("/")[2] == name and OSA.normalized_similarity(known.partition("/")[0], prefix) >= _ALIKE
    ]


def _tails(name: str, kind: str) -> list[str]:
    """Keys for this kind of object that end in a name written without its prefix."""
    return [
        known
        for known, entries in catalogue().entries.items()
        if known.partition("/")[2] == name and any(entry.kind == kind and not entry.written for entry in entries)
    ]


def _by_words(prefix: str, name: str) -> dict[str, float]:
    """Keys of a prefix that share most of their words with a name."""
    known = {key: " ".join(_words(key.partition("/")[2])) for key in catalogue().entries if key.startswith(f"{prefix}/")}
    given = " ".join(_words(name))
    # Shared words count, and so does what is left over.
    likeness = {key: (fuzz.WRatio(given, words) + fuzz.ratio(given, words)) / 2 for key, words in known.items()}
    return {key: (100 - alike) / 10 for key, alike in likeness.items() if alike >= _WORDY}


def _words(name: str) -> list[str]:
    return name.replace(".", " ").replace("-", " ").replace("_", " ").lower().split()


def _strange(key: str, kind: str, controllers: frozenset[str] | None) -> float:
    """How far a key is from this object: of another kind, of a controller not in play, of no use to a person."""
    entries = catalogue().entries[key]
    fitting = [entry for entry in entries if entry.kind == kind]
    distance = 0.0 if fitting else 2.0
    if controllers is not None and not any(entry.controller.name in controllers for entry in entries):
        distance += 1.0
    if all(entry.written or entry.deprecated or entry.controller.retired for entry in fitting or entries):
        distance += 0.5
    return distance


@cache
def _plain() -> list[str]:
    return [key for key in catalogue().entries if key not in templates()]
