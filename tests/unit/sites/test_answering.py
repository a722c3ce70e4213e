"""Waiting for a load balancer to answer: whose answers count, what is said of the others, and for whom it is asked at all."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.sites.answering import PORTS_VARIABLE, NotAnsweringError, _AnsweringProvider, wait_until_answering
from tests.support import pem
from tests.support.stacks import settings_of, stack_file

URLS = ["https://a.example/shop", "https://b.example/"]

Say = Callable[[str, str], tuple[int, str]]


@contextmanager
def balancer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Say) -> Iterator[str]:
    """Something that listens on https with a certificate of nobody's, and answers as `say` of host and path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = say(str(self.headers["Host"]), self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    whole = tmp_path / "server.pem"
    whole.write_text(pem.key_pem() + pem.certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    monkeypatch.setenv(PORTS_VARIABLE, f"1,{server.server_port}")
    try:
        yield "127.0.0.1"
    finally:
        server.shutdown()
        server.server_close()


def test_each_host_is_asked_by_its_name_at_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[str, str]] = set()

    def say(host: str, path: str) -> tuple[int, str]:
        asked.add((host, path))
        return 200, "here"

    with balancer(tmp_path, monkeypatch, say) as address:
        wait_until_answering(address, URLS, 5)
    assert asked == {("a.example", "/shop"), ("b.example", "/")}


@pytest.mark.parametrize("status", [200, 301, 401, 404, 500])
def test_whatever_a_site_says_itself_is_an_answer(status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with balancer(tmp_path, monkeypatch, lambda *_: (status, "the site's own words")) as address:
        wait_until_answering(address, URLS, 5)


@pytest.mark.parametrize(
    ("status", "text"),
    [(502, "Server Error"), (503, "no healthy upstream"), (404, "default backend - 404"), (404, "fault filter abort")],
)
def test_what_the_load_balancer_says_itself_is_waited_out(
    status: int, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def say(host: str, _path: str) -> tuple[int, str]:
        seen.append(host)
        return (status, text) if host == "b.example" and seen.count(host) < 3 else (200, "here")

    with balancer(tmp_path, monkeypatch, say) as address:
        wait_until_answering(address, URLS, 20)
    # Who has answered is not asked again.
    assert (seen.count("a.example"), seen.count("b.example")) == (1, 3)


def test_the_time_limit_tells_what_each_host_was_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        balancer(tmp_path, monkeypatch, lambda host, _: (502, "Server Error") if host == "b.example" else (200, "")) as address,
        pytest.raises(NotAnsweringError) as told,
    ):
        wait_until_answering(address, URLS, 0)
    said = str(told.value)
    assert "https://b.example/: 502 'Server Error'" in said
    assert "a.example" not in said
    assert "portico:preflight: false" in said


def test_an_address_where_nobody_listens_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS_VARIABLE, "1,1")
    with pytest.raises(NotAnsweringError, match=r"https://b\.example/: .*[Cc]onnection refused"):
        wait_until_answering("127.0.0.1", URLS[1:], 0)


@pytest.mark.parametrize("wrong", ["8443", "a,b", "8080,"])
def test_ports_of_the_environment_that_are_none_are_told(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS_VARIABLE, wrong)
    with pytest.raises(ValueError, match="must be two ports"):
        wait_until_answering("127.0.0.1", URLS, 0)


def probed(entrypoint: dict[str, Any], source: dict[str, Any], **parts: Any) -> list[str]:
    """What is asked for of the one site of a stack on Google Cloud."""
    raw = stack_file(
        cluster={"gke": {"name": "sandbox"}},
        cloud={"gcp": {"project": "acme-shop", "region": "europe-west3"}},
        entrypoint=entrypoint,
        certificates={"only": source},
        sites={"shop": {"hosts": ["shop.portico.test"], "namespace": "shop", "paths": {"/in": "web:80"}, "demo": True}},
        **parts,
    )
    settings = settings_of(raw)
    return settings.probed(settings.sites["shop"])


ACME = {"acme": {"hosts": ["*.portico.test"], "challenge": "dns-01"}}
MANAGED = {"google_managed": {"hosts": ["shop.portico.test"]}}
OF_GKE = {"gateway": {"class": "gke-l7-global-external-managed"}}


def test_googles_load_balancers_are_asked_by_https_where_a_certificate_can_be_there() -> None:
    ways: list[dict[str, Any]] = [{"gce": {}}, OF_GKE]
    for entrypoint in ways:
        assert probed(entrypoint, ACME) == ["https://shop.portico.test/in"]
    assert probed(OF_GKE, MANAGED) == ["https://shop.portico.test/in"]


def test_a_host_that_google_has_still_to_prove_is_asked_by_http_or_not_at_all() -> None:
    assert probed({"gce": {}}, MANAGED) == ["http://shop.portico.test/in"]
    assert probed({"gce": {"allow_http": False}}, MANAGED) == []


def test_nobody_is_asked_where_the_stack_file_says_so_or_the_entrypoint_answers_at_once() -> None:
    assert probed({"gce": {}}, ACME, preflight=False) == []
    assert probed({"traefik": {}}, ACME) == []


# As the engine drives it


PROPS = {"address": "127.0.0.1", "urls": URLS, "timeout": 0}


def test_a_look_that_fails_is_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS_VARIABLE, "1,1")
    with pytest.raises(NotAnsweringError):
        _AnsweringProvider().create(PROPS)


def test_what_answers_is_known_by_its_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with balancer(tmp_path, monkeypatch, lambda _host, _path: (200, "here")) as address:
        made = _AnsweringProvider().create({**PROPS, "address": address})
    assert (made.id, made.outs) == (",".join(URLS), {**PROPS, "address": address})


@pytest.mark.parametrize(
    ("change", "again"),
    [({}, False), ({"timeout": 60}, False), ({"address": "127.0.0.2"}, True), ({"urls": URLS[:1]}, True)],
    ids=["nothing", "the time limit", "the address", "the hosts"],
)
def test_it_looks_again_where_something_else_is_to_answer(change: dict[str, Any], again: bool) -> None:
    assert _AnsweringProvider().diff("id", PROPS, {**PROPS, **change}).changes is again
