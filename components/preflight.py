"""What a stack file names but cannot prove: does the cluster answer, may the DNS key write, is the ACME server there?

Asked before anything is created, all of it at once. `portico:preflight: false` leaves it out, for where the machine that
runs Pulumi cannot reach what the cluster can.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pulumi
from lightkube import ApiError
from lightkube.core.exceptions import ConfigError, LoadResourceError
from lightkube.resources.core_v1 import Namespace

from components.clouds.dns_update import DnsError, DnsServer
from components.cluster import Kubeconfig
from components.kube import connect
from components.preflight_health import health_problems
from components.settings import Problem, Settings
from components.settings.problems import key_of, shown

#: Seconds for one question.
_TIMEOUT = 10.0


def check(settings: Settings, kubeconfig: Kubeconfig, provider: pulumi.ProviderResource | None = None) -> list[Problem]:
    """Asks everything at the same time, and returns what does not answer as it should. Changes nothing anywhere.

    `provider` is the cloud's, where the cloud has one.
    """
    questions: list[Callable[[], list[Problem]]] = [
        lambda: list(_cluster(settings, kubeconfig)),
        lambda: list(_dns(settings)),
        lambda: list(_acme(settings)),
    ]
    with ThreadPoolExecutor(max_workers=len(questions)) as pool:
        answers = [pool.submit(ask) for ask in questions]
        # The engine is asked from the program's own thread, while the others wait for their answers.
        found = list(_zones(settings, provider))
        return [*found, *(problem for answer in answers for problem in answer.result())]


def _zones(settings: Settings, provider: pulumi.ProviderResource | None) -> Iterator[Problem]:
    if settings.cloud.aws is not None and provider is not None:
        # Only a stack of this cloud is to pay for its SDK.
        from components.clouds.aws_lookup import missing_zones

        yield from missing_zones(settings, provider)
    if settings.cloud.gcp is not None and provider is not None:
        from components.clouds.gcp_lookup import missing

        yield from missing(settings, provider)


def _cluster(settings: Settings, kubeconfig: Kubeconfig) -> Iterator[Problem]:
    if not isinstance(kubeconfig.text, str):
        return  # Another stack's output: only known while the engine runs, and then the provider says it.
    try:
        with connect(kubeconfig.text, kubeconfig.context) as client:
            existing = {str(item.metadata.name) for item in client.list(Namespace) if item.metadata is not None}
            yield from health_problems(settings, client, existing)
    except (ApiError, ConfigError, LoadResourceError, ValueError) as error:
        # An ApiError is an HTTP error too: the cluster answered, and said no.
        yield Problem(kubeconfig.key, f"cluster {kubeconfig.server} refuses this kubeconfig: {error}")
        return
    except (httpx2.HTTPError, OSError) as error:
        yield Problem(kubeconfig.key, f"cluster {kubeconfig.server} cannot be reached: {error}")
        return
    used = {("sites", key): site.namespace for key, site in settings.sites.items()}
    used |= {("services", key): service.namespace for key, service in settings.services.items()}
    for where, namespace in used.items():
        if namespace not in existing and namespace not in settings.namespaces:
            yield Problem(
                key_of((*where, "namespace")),
                f"namespace {shown(namespace)} does not exist; to have it made, add it to portico:namespaces",
            )


def _dns(settings: Settings) -> Iterator[Problem]:
    cloud = settings.cloud.rfc2136
    if cloud is None:
        return
    tsig = cloud.tsig
    for zone in settings.zones:
        server = DnsServer(cloud.server, zone, tsig.name, tsig.algorithm, tsig.secret.get_secret_value())
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
