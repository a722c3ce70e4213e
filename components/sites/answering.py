"""The moment a site answers at its address, before its name leads there.

A load balancer of Google's stands for its controller minutes before it answers everywhere, and it sends nothing to pods until it
has found them healthy. A name that led to another entrypoint must not lead there before.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.clouds import Balancer, Target
from components.settings import Settings
from components.settings.sites import SiteSettings

#: Names the ports that stand for 80 and 443 (`8080,8443`) where addresses are not reached from this machine as from the internet.
PORTS_VARIABLE = "PORTICO_PORTS"

#: Seconds between two looks, and for one.
_PAUSE, _PATIENCE = 1.0, 10.0

#: What Google's load balancer says itself of a host or path that it does not know yet: by an Ingress, and by a Gateway.
_NOT_YET = ("default backend - 404", "fault filter abort")


class NotAnsweringError(Exception):
    """A host does not answer; the text says what it is answered instead."""


def wait_until_answering(address: str, urls: Sequence[str], timeout: float) -> None:
    """Returns once every URL is answered at the address by something behind the load balancer, whatever that says.

    Certificates are not looked at: they may be temporary ones, to be proven once the name leads there.

    Raises:
        NotAnsweringError: one is not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    waiting = list(urls)
    with ThreadPoolExecutor(16) as pool:
        while True:
            found = list(pool.map(lambda url: _look(address, url), waiting))
            late = {url: reason for url, reason in zip(waiting, found, strict=True) if reason is not None}
            if not late:
                return
            if time.monotonic() > deadline:
                said = "".join(f"\n  - {url}: {reason}" for url, reason in late.items())
                raise NotAnsweringError(
                    f"after {timeout:.0f} s the load balancer at {address} does not answer, so no name leads there yet:{said}\n"
                    "Are the pods healthy (see `health`)? Where this machine cannot reach the address: portico:preflight: false"
                )
            waiting = list(late)
            time.sleep(_PAUSE)


def _look(address: str, url: str) -> str | None:
    """What keeps a URL from being answered; None if nothing does."""
    target = httpx2.URL(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        # Straight to the address: a proxy of this machine's would look the name up.
        with httpx2.Client(verify=context, timeout=_PATIENCE, trust_env=False) as client:
            answer = client.get(
                target.copy_with(host=address, port=_port(target.scheme)),
                headers={"Host": target.host},
                extensions={"sni_hostname": target.host},
            )
    except (httpx2.HTTPError, OSError) as error:
        return str(error) or type(error).__name__
    if answer.status_code in (502, 503, 504) or (answer.status_code == 404 and any(word in answer.text for word in _NOT_YET)):
        return f"{answer.status_code} {answer.text.strip()[:80]!r}"
    return None


def _port(scheme: str) -> int | None:
    """The port to ask; None for the scheme's own."""
    named = os.environ.get(PORTS_VARIABLE)
    if not named:
        return None
    http, comma, https = named.partition(",")
    if not (comma and http.isdecimal() and https.isdecimal()):
        raise ValueError(f"environment variable {PORTS_VARIABLE} is {named!r}; it must be two ports, such as 8080,8443")
    return int(http if scheme == "http" else https)


class _AnsweringProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        self._wait(props)
        return CreateResult(",".join(props["urls"]), dict(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        self._wait(news)
        return UpdateResult(dict(news))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=any(olds[key] != news[key] for key in ("address", "urls")))

    @staticmethod
    def _wait(props: dict[str, Any]) -> None:
        wait_until_answering(props["address"], props["urls"], float(props["timeout"]))


class Answering(Resource, module="sites", name="Answering"):
    """The moment a site's URLs are answered at an address. A failed wait is not recorded, so the next `pulumi up` looks again."""

    def __init__(
        self, name: str, *, address: pulumi.Input[str], urls: Sequence[str], timeout: int, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(_AnsweringProvider(), name, {"address": address, "urls": list(urls), "timeout": timeout}, opts)


def answering(
    key: str, site: SiteSettings, settings: Settings, at: Target | Balancer, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """What a site's records come after, besides what `opts` says: nothing where its entrypoint answers as soon as it stands."""
    urls = settings.probed(site)
    if not urls or not isinstance(at, Target):
        return []
    address = at.values.apply(lambda addresses: f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0])
    # Named after its entrypoint: another one is waited for anew, and the old one's wait is over when it goes.
    name = f"{key}{settings.mark}"
    return [Answering(name, address=address, urls=urls, timeout=settings.entrypoint.chosen.timeout, opts=opts)]
