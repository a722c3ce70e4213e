# mypy: untyped-calls-exclude="dns"
"""Zones in memory and as zone files on disk: part of the sandbox's own, real authoritative DNS server."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import dns.btreezone
import dns.exception
import dns.name
import dns.node
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.zone

SUFFIX = ".zone"
_HEADER = "; Written by the sandbox's DNS server after each update; read at its start.\n"
_START = """\
@  60 IN SOA ns hostmaster {serial} 60 60 86400 5
@  60 IN NS  ns
ns 60 IN A   127.0.0.1
"""


class ZoneError(Exception):
    """A zone cannot be loaded; the message names the zone, the file and what is wrong with it."""


class Zone:
    """One zone: its current version, which readers see whole, and the file it is kept in.

    Versions are immutable (dnspython's copy-on-write B-tree), so a query, a transfer or a save that has begun
    is never disturbed by an update.
    """

    def __init__(self, origin: dns.name.Name, path: Path) -> None:
        self.origin = origin
        self.path = path
        self._file = _ZoneFile(path)
        self.data = self._load()
        self._saving = asyncio.Lock()
        self._saved = self.version().id

    def version(self) -> dns.btreezone.ImmutableVersion:
        """The current content, immutable."""
        return _current(self.data)

    def soa(self) -> dns.rdataset.Rdataset:
        """The zone's SOA record set."""
        return self.version().nodes[self.origin].find_rdataset(dns.rdataclass.IN, dns.rdatatype.SOA)

    async def save(self) -> None:
        """Return once the present content, or a later one, is on disk.

        Updates that arrive while a write is running share the next one: a thousand at once cost a few writes.

        Raises:
            OSError: the file could not be written.
        """
        wanted = self.version().id
        async with self._saving:
            if self._saved >= wanted:
                return
            version = self.version()
            await asyncio.to_thread(self._file.write, version)
            self._saved = version.id

    def _load(self) -> dns.btreezone.Zone:
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            text = None
        # Time as the first serial: a zone thrown away and made anew does not run backwards.
        start = _START.format(serial=int(time.time()))
        try:
            loaded = dns.zone.from_text(
                start if text is None else text,
                origin=self.origin,
                relativize=False,
                zone_factory=dns.btreezone.Zone,
            )
        except (dns.exception.DNSException, ValueError) as error:
            raise ZoneError(f"zone {self.origin}: {self.path} cannot be read: {error}") from error
        zone = cast("dns.btreezone.Zone", loaded)
        if text is None:
            self._file.write(_current(zone))
        return zone


class Store:
    """All zones served, by origin."""

    def __init__(self, directory: Path, origins: Iterable[dns.name.Name]) -> None:
        """Load each zone from `directory`, or begin it with SOA, NS and the name server's address.

        Raises:
            ZoneError: a zone file exists but is not a valid zone.
            OSError: the directory cannot be made, read or written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self.zones = {
            origin: Zone(origin, directory / (origin.to_text(omit_final_dot=True).replace("/", "_") + SUFFIX))
            for origin in origins
        }


def _current(zone: dns.btreezone.Zone) -> dns.btreezone.ImmutableVersion:
    with zone.reader() as txn:
        return cast("dns.btreezone.ImmutableVersion", txn.version)


class _ZoneFile:
    """The text form of a zone on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Each name's lines, with the node they were made of: nodes never change, an update puts another one
        # in their place. Writing a zone of thousands of names so costs little more than what changed.
        self._lines: dict[dns.name.Name, tuple[dns.node.Node, str]] = {}

    def write(self, version: dns.btreezone.ImmutableVersion) -> None:
        """Replace the file as a whole, so that a kill at any moment leaves either the old or the new one.

        Not forced to the disk: that takes longer than all the rest and helps only when the machine dies.
        """
        lines = {}
        for name, node in version.items():
            known = self._lines.get(name)
            if known is None or known[0] is not node:
                known = node, "".join(f"{r.to_text(name, relativize=False)}\n" for r in node)
            lines[name] = known
        self._lines = lines
        temporary = self._path.with_suffix(".new")
        temporary.write_text(_HEADER + "".join(text for _, text in lines.values()))
        temporary.replace(self._path)
