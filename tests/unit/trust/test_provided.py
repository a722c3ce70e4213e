"""Certificates of one's own: where their Secrets lie, and how another one takes the place of one that is shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import pem
from tests.support.doors import door
from tests.support.recorder import Recording, Registration, Secret
from tests.support.stacks import ENTRYPOINTS, stack_file

HOSTS = ["shop.portico.test", "portico.test"]
KINDS = pytest.mark.parametrize("kind", ENTRYPOINTS)


def own(days: int = 30) -> dict[str, str]:
    leaf = pem.certificate("leaf", ca=False, by="ca", hosts=HOSTS, end=pem.NOW + days * pem.DAY)
    return {"certificate": leaf + pem.certificate(), "key": pem.key_pem("leaf")}


FIRST, RENEWED = own(), own(60)


def made_by(kind: str, provided: dict[str, str], **parts: Any) -> Recording:
    return door(stack_file(entrypoint=ENTRYPOINTS[kind], certificates={"own": {"provided": provided}}, **parts))


def secrets(made: Recording) -> list[Registration]:
    return made.all("Secret")


@KINDS
def test_its_secret_lies_where_it_is_shown_and_holds_the_chain_and_the_key(kind: str) -> None:
    made = made_by(kind, FIRST)
    [secret] = secrets(made)
    assert secret.metadata["namespace"] == ("portico-test" if kind.startswith("gateway") else "shop")
    assert secret.inputs["type"] == "kubernetes.io/tls"
    data = secret.inputs["stringData"]
    held = data.value if isinstance(data, Secret) else data
    key = held["tls.key"].value if isinstance(held["tls.key"], Secret) else held["tls.key"]
    assert (held["tls.crt"], key) == (FIRST["certificate"], FIRST["key"])
    shown = repr([item.inputs for item in made if item.kind in ("Gateway", "Ingress", "IngressRoute") and item.custom])
    assert f"'{secret.metadata['name']}'" in shown


def test_each_namespace_whose_sites_show_it_has_one() -> None:
    sites = {name: {"hosts": [host], "namespace": name, "paths": {"/": "web:80"}} for name, host in zip("ab", HOSTS, strict=True)}
    made = made_by("traefik-existing", FIRST, sites=sites)
    assert sorted(item.metadata["namespace"] for item in secrets(made)) == ["a", "b"]
    assert len({item.metadata["name"] for item in secrets(made)}) == 1


@KINDS
def test_another_certificate_is_another_secret_so_that_the_old_one_goes_last(kind: str) -> None:
    """Some load balancers would not notice one that is changed in place."""
    [before], [after] = secrets(made_by(kind, FIRST)), secrets(made_by(kind, RENEWED))
    assert before.metadata["name"] != after.metadata["name"]
    assert before.urn != after.urn
    assert before.metadata["name"].startswith("own.")


@KINDS
def test_what_shows_it_comes_after_it(kind: str) -> None:
    made = made_by(kind, FIRST)
    [secret] = secrets(made)
    showing = [item for item in made if item.kind in ("Gateway", "Ingress") and item.custom]
    assert showing
    assert all(made.waits(item, secret) for item in showing)


def test_cert_manager_is_not_needed() -> None:
    made = made_by("traefik-existing", FIRST, cert_manager=None)
    kinds = {item.kind for item in made}
    assert kinds.isdisjoint({"Release", "ClusterIssuer", "Issuance", "Sweep"})
    assert [item for item in made.all("Certificate") if item.custom] == []


def test_when_it_ends_is_told() -> None:
    outputs = made_by("traefik-existing", RENEWED).one("FrontDoor").outputs
    assert outputs is not None
    assert outputs["certificates"] == {"own": f"{pem.NOW + 60 * pem.DAY:%Y-%m-%dT%H:%M:%SZ}"}
    assert outputs["issuer"] == {}
    assert not any("staging" in step for step in outputs["next_steps"])
