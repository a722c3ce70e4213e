"""TLS of the data plane against the real twin: which certificate and which versions visitors get."""

import asyncio
import ssl
import warnings
from functools import partial
from pathlib import Path

import httpx2
import pytest

from tests.unit.sandbox.gcp.conftest import PROJECT, Twin
from tests.unit.sandbox.gcp.front_scene import HERE, Scene, issue, see

# asyncio (3.11) leaves connections to the garbage collector when their listening socket is closed at that very moment.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

MANAGER = f"projects/{PROJECT}/locations/global"


def test_https_with_a_certificate_for_each_name(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        def certificate(name: str, *hosts: str) -> str:
            return on.make("sslCertificates", name, **issue(tmp_path, *hosts)[0])

        _, trust = issue(tmp_path, "one.example")
        one, wild = certificate("-1", "one.example"), certificate("-2", "*.two.example")
        address = on.https(sslCertificates=[one, wild])
        await on.look()
        get = partial(on.get, address, trust=trust)
        assert (await get(host="one.example")).headers["location"] == "https://there.example/"
        assert (await get(host="www.two.example")).status_code == 301
        with pytest.raises(httpx2.ConnectError, match=r"certificate is not valid for 'three\.example'"):
            await get(host="three.example")
        body = {"sslCertificates": [certificate("-3", "three.example")]}
        on.twin.done(on.compute.targetHttpsProxies().setSslCertificates(**HERE, targetHttpsProxy=on.name, body=body))
        await on.look()
        assert (await get(host="three.example")).status_code == 301

    see(twin, "front-tls", work)


def test_a_certificate_map_says_who_sees_what(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        manager = on.twin.client("certificatemanager").projects().locations()
        pairs = {name: issue(tmp_path, host) for name, host in (("map-shop", "*.shop.example"), ("map-rest", "rest.example"))}
        for name, (content, _) in pairs.items():
            own = {"pemCertificate": content["certificate"], "pemPrivateKey": content["privateKey"]}
            manager.certificates().create(parent=MANAGER, certificateId=name, body={"selfManaged": own}).execute()
        maps, parent = manager.certificateMaps(), f"{MANAGER}/certificateMaps/{on.name}"
        maps.create(parent=MANAGER, certificateMapId=on.name, body={}).execute()

        def entry(name: str, certificate: str, **what: str) -> None:
            body = {**what, "certificates": [f"{MANAGER}/certificates/{certificate}"]}
            maps.certificateMapEntries().create(parent=parent, certificateMapEntryId=name, body=body).execute()

        entry("shop", "map-shop", hostname="*.shop.example")
        address = on.https(certificateMap=f"//certificatemanager.googleapis.com/{parent}")
        await on.look()
        get = partial(on.get, address, trust=pairs["map-rest"][1])
        assert (await get(host="www.shop.example")).status_code == 301
        with pytest.raises(httpx2.ConnectError):
            await get(host="rest.example")
        entry("rest", "map-rest", matcher="PRIMARY")
        await on.look()
        assert (await get(host="rest.example")).status_code == 301

    see(twin, "front-map", work)


def test_a_managed_certificate_is_shown_once_it_is_issued(twin: Twin) -> None:
    async def work(on: Scene) -> None:
        managed = on.make("sslCertificates", type="MANAGED", managed={"domains": ["www.front-managed.example"]})
        address = on.https(sslCertificates=[managed])
        trust = ssl.create_default_context(cafile=str(on.twin.authority.certificate))
        get = partial(on.get, address, host="www.front-managed.example", trust=trust)
        await on.look()
        with pytest.raises(httpx2.ConnectError):
            await get()
        zones = on.twin.client("dns")
        zone = {"name": "front-managed", "dnsName": "front-managed.example.", "description": ""}
        zones.managedZones().create(**HERE, body=zone).execute()
        record = {"name": "www.front-managed.example.", "type": "A", "ttl": 60, "rrdatas": [address]}
        zones.changes().create(**HERE, managedZone="front-managed", body={"additions": [record]}).execute()
        await on.look()
        assert (await get()).status_code == 301

    see(twin, "front-managed", work)


def test_a_policy_says_which_tls_is_the_oldest(twin: Twin, tmp_path: Path) -> None:
    async def work(on: Scene) -> None:
        content, _ = issue(tmp_path, "shop.example")
        address = on.https(sslCertificates=[on.make("sslCertificates", **content)])

        async def speak(version: str) -> str | None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
                old.set_ciphers("DEFAULT:@SECLEVEL=0")
                old.minimum_version = old.maximum_version = ssl.TLSVersion[version]
            _, writer = await asyncio.open_connection(address, on.ports[443], ssl=old, server_hostname="shop.example")
            spoken: str | None = writer.get_extra_info("ssl_object").version()
            writer.close()
            return spoken

        await on.look()
        assert [await speak(version) for version in ("TLSv1", "TLSv1_2", "TLSv1_3")] == ["TLSv1", "TLSv1.2", "TLSv1.3"]
        policy = on.make("sslPolicies", profile="MODERN", minTlsVersion="TLS_1_2")
        body = {"sslPolicy": policy}
        on.twin.done(on.compute.targetHttpsProxies().setSslPolicy(**HERE, targetHttpsProxy=on.name, body=body))
        await on.look()
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await speak("TLSv1_1")
        assert await speak("TLSv1_2") == "TLSv1.2"

    see(twin, "front-policy", work)


def test_one_door_that_cannot_be_opened_leaves_the_others_alone(
    twin: Twin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(on: Scene) -> None:
        one, _ = issue(tmp_path, "shop.example")
        other, _ = issue(tmp_path, "other.example")
        on.https(sslCertificates=[on.make("sslCertificates", **{**one, "privateKey": other["privateKey"]})])
        proxy = on.make("targetHttpProxies", urlMap=on.make("urlMaps", "-2", defaultUrlRedirect={"stripQuery": True}))
        on.make("globalForwardingRules", "-2", target=proxy, portRange="80")
        rule = on.compute.globalForwardingRules().get(**HERE, forwardingRule=f"{on.name}-2").execute()
        await on.look()
        await on.look()
        assert (await on.get(rule["IPAddress"])).status_code == 301
        told = [entry.message for entry in caplog.records if f"forwardingRules/{on.name}:" in entry.message]
        assert len(told) == 1
        assert "KEY_VALUES_MISMATCH" in told[0].upper().replace(" ", "_")

    see(twin, "front-trouble", work)
