"""What a stack file names but cannot prove: does the cluster answer, may the DNS key write, is the ACME server there?

Asked before anything is created, all of it at once. `portico:preflight: false` leaves it out, for where the machine that
runs Pulumi cannot reach what the cluster can.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
from lightkube import ApiError
from lightkube.core.exceptions import ConfigError, LoadResourceError
from lightkube.resources.core_v1 import Namespace

from components.clouds.dns_update import DnsError, DnsServer
from components.cluster import Kubeconfig
from components.kube import connect
from components.settings import Problem, Settings
from components.settings.problems import key_of, shown

#: Seconds for one question.
_TIMEOUT = 10.0


def check(settings: Settings, kubeconfig: Kubeconfig) -> list[Problem]:
    """Asks everything at the same time, and returns what does not answer as it should. Changes nothing anywhere."""
    questions: list[Callable[[], list[Problem]]] = [
        lambda: list(_cluster(settings, kubeconfig)),
        lambda: list(_dns(settings)),
        lambda: list(_acme(settings)),
    ]
    with ThreadPoolExecutor(max_workers=len(questions)) as pool:
        return [problem for found in pool.map(lambda ask: ask(), questions) for problem in found]


def _cluster(settings: Settings, kubeconfig: Kubeconfig) -> Iterator[Problem]:
    if not isinstance(kubeconfig.text, str):
        return  # Another stack's output: only known while the engine runs, and then the provider says it.
    try:
        with connect(kubeconfig.text, kubeconfig.context) as client:
            existing = {str(item.metadata.name) for item in client.list(Namespace) if item.metadata is not None}
    except (ApiError, ConfigError, LoadResourceError, ValueError) as error:
        # An ApiError is an HTTP error too: the cluster answered, and said no.
        yield Problem(kubeconfig.key, f"cluster {kubeconfig.server} refuses this kubeconfig: {error}")
        return
    except (httpx2.HTTPError, OSError) as error:
        yield Problem(kubeconfig.key, f"cluster {kubeconfig.server} cannot be reached: {error}")
        return
    for key, site in settings.sites.items():
        if site.namespace not in existing and site.namespace not in settings.namespaces:
            yield Problem(
                key_of(("sites", key, "namespace")),
                f"namespace {shown(site.namespace)} does not exist; to have it made, add it to portico:namespaces",
            )


def _dns(settings: Settings) -> Iterator[Problem]:
    cloud = settings.cloud.rfc2136
    if cloud is None:
        return
    tsig = cloud.tsig
    server = DnsServer(cloud.server, settings.zone.name, tsig.name, tsig.algorithm, tsig.secret.get_secret_value())
    try:
        server.check()
    except DnsError as error:
        yield Problem(key_of(("cloud", "rfc2136")), str(error))


def _acme(settings: Settings) -> Iterator[Problem]:
    if not any(entry.acme for entry in settings.certificates.values()):
        return
    directory = settings.acme.directory
    where = ("acme", "directories", settings.acme.environment)
    context = ssl.create_default_context(cadata=directory.ca_bundle)
    try:
        answer = httpx2.get(directory.url, verify=context, timeout=_TIMEOUT, follow_redirects=True)
        content = answer.json()
        known = answer.is_success and isinstance(content, dict) and "newOrder" in content
    except httpx2.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            yield Problem(key_of((*where, "ca_bundle")), f"does not vouch for {directory.url}: {error}")
        else:
            yield Problem(key_of((*where, "url")), f"{directory.url} cannot be reached: {error}")
        return
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        yield Problem(key_of((*where, "url")), f"{directory.url} does not answer as an ACME directory: {error}")
        return
    if not known:
        yield Problem(
            key_of((*where, "url")),
            f"{directory.url} is not an ACME directory (RFC 8555, section 7.1.1): it answers {answer.status_code}",
        )
