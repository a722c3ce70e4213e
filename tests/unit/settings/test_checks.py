"""Rules between the parts of a stack file."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.checks import MAX_LISTENERS, WEEKLY_CERTIFICATES
from tests.support.stacks import ENTRYPOINTS, problems_of, settings_of, stack_file, with_value

_SHOP = ("sites", "shop")


def site(**parts: Any) -> dict[str, Any]:
    return {"hosts": ["other.portico.test"], "namespace": "shop", "paths": {"/": "other:80"}, **parts}


def test_a_right_stack_file_has_no_problem() -> None:
    assert problems_of(stack_file()) == {}


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_every_entrypoint_serves_the_same_stack_file(entrypoint: str) -> None:
    assert problems_of(stack_file(entrypoint=ENTRYPOINTS[entrypoint])) == {}


def test_fails_when_a_site_lies_outside_the_zone_and_says_what_was_meant() -> None:
    assert problems_of(with_value(stack_file(), (*_SHOP, "hosts"), ["shop.portico.tset"])) == {
        "portico:sites.shop.hosts[0]": ['"shop.portico.tset" is not in zone portico.test (did you mean "shop.portico.test"?)']
    }


def test_fails_when_an_acme_certificate_lies_outside_the_zone() -> None:
    raw = with_value(stack_file(), ("certificates", "other"), {"acme": {"hosts": ["a.example.org"]}})
    assert problems_of(raw) == {"portico:certificates.other.acme.hosts[0]": ['"a.example.org" is not in zone portico.test']}


def test_a_private_certificate_may_lie_outside_the_zone() -> None:
    raw = with_value(stack_file(), ("certificates", "inside"), {"private_ca": {"hosts": ["a.example.org"]}})
    assert "portico:certificates.inside.private_ca.hosts[0]" not in problems_of(raw)


def test_fails_when_two_certificates_name_the_same_host() -> None:
    raw = with_value(stack_file(), ("certificates", "second"), {"acme": {"hosts": ["*.portico.test"]}})
    assert problems_of(raw) == {
        "portico:certificates.second.acme.hosts[0]": ['"*.portico.test" is already in certificate wildcard']
    }


def test_fails_when_a_wildcard_is_to_be_proven_by_http01() -> None:
    raw = with_value(stack_file(), ("certificates", "wildcard", "acme", "challenge"), "http-01")
    assert problems_of(raw) == {
        "portico:certificates.wildcard.acme.challenge": [
            '"http-01" cannot prove *.portico.test: a wildcard needs dns-01 (this stack\'s zone can: say challenge: dns-01)'
        ]
    }


def test_fails_when_no_certificate_covers_a_host() -> None:
    raw = with_value(stack_file(), (*_SHOP, "hosts"), ["a.b.portico.test"])
    assert problems_of(raw) == {
        "portico:sites.shop.hosts[0]": [
            'no certificate covers "a.b.portico.test"; they cover *.portico.test, portico.test (a * covers one label only)'
        ]
    }


def test_fails_when_two_sites_want_the_same_host() -> None:
    raw = with_value(stack_file(), ("sites", "second"), site(hosts=["shop.portico.test"]))
    assert problems_of(raw) == {"portico:sites.second.hosts[0]": ['"shop.portico.test" belongs to site shop']}


def test_fails_when_a_site_names_a_host_twice() -> None:
    raw = with_value(stack_file(), (*_SHOP, "hosts"), ["shop.portico.test", "shop.portico.test"])
    assert problems_of(raw) == {"portico:sites.shop.hosts[1]": ['"shop.portico.test" belongs to this site already']}


def test_fails_when_two_paths_are_the_same_prefix() -> None:
    raw = with_value(stack_file(), (*_SHOP, "paths"), {"/api": "a:80", "/api/": "b:80"})
    problems = problems_of(raw)
    assert list(problems) == ["portico:sites.shop.paths./api/"]
    assert '"/api/" and "/api" are the same path' in problems["portico:sites.shop.paths./api/"][0]


@pytest.mark.parametrize("paths", [{"/": "a:80", "/api": "b:80"}, {"/a": "a:80", "/ab": "b:80"}, {"/a": "a:80", "/a/b": "b:80"}])
def test_paths_within_or_beside_each_other_are_fine(paths: dict[str, str]) -> None:
    assert problems_of(with_value(stack_file(), (*_SHOP, "paths"), paths)) == {}


def test_fails_when_a_site_redirects_to_itself() -> None:
    raw = with_value(stack_file(), ("sites", "apex", "redirect", "host"), "portico.test")
    assert problems_of(raw) == {"portico:sites.apex.redirect.host": ['"portico.test" would redirect to itself']}


def test_fails_when_two_demos_would_make_the_same_service() -> None:
    raw = with_value(stack_file(), ("sites", "second"), site(paths={"/": "web:80"}, demo=True))
    assert problems_of(raw) == {
        "portico:sites.second.demo": ["would make Service web in namespace shop, which site shop makes: leave one demo out"]
    }


@pytest.mark.parametrize("other", [{"demo": False}, {"namespace": "blog", "demo": True}])
def test_a_service_of_the_same_name_elsewhere_or_shared_is_fine(other: dict[str, Any]) -> None:
    assert problems_of(with_value(stack_file(), ("sites", "second"), site(paths={"/": "web:80"}, **other))) == {}


def test_fails_when_the_address_is_not_in_the_pool() -> None:
    raw = with_value(stack_file(), ("entrypoint", "gateway", "address"), {"ip": "192.0.2.99"})
    assert problems_of(raw) == {"portico:entrypoint.gateway.address.ip": ['"192.0.2.99" is not in the pool 192.0.2.16/28']}


def test_fails_when_there_is_neither_an_address_nor_a_pool() -> None:
    raw = with_value(stack_file(), ("cloud", "rfc2136", "pool"), [])
    assert problems_of(raw) == {
        "portico:entrypoint.gateway.address": [
            "no address to hand out: name one (address: {ip: …}) or a pool (portico:cloud.rfc2136.pool)"
        ]
    }


def test_an_address_without_a_pool_is_fine() -> None:
    raw = with_value(stack_file(), ("cloud", "rfc2136", "pool"), [])
    assert problems_of(with_value(raw, ("entrypoint", "gateway", "address"), {"ip": "192.0.2.99"})) == {}


def test_fails_when_a_pool_mixes_address_families() -> None:
    """A record is of one type, chosen before the address is."""
    raw = with_value(stack_file(), ("cloud", "rfc2136", "pool"), ["192.0.2.16/28", "2001:db8::/64"])
    assert problems_of(raw) == {"portico:cloud.rfc2136.pool": ["mixes IPv4 and IPv6: a record of one type points at the address"]}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.53", "192.0.2.53:53"),
        ("192.0.2.53:5353", "192.0.2.53:5353"),
        ("2001:db8::53", "[2001:db8::53]:53"),
        ("[2001:db8::53]", "[2001:db8::53]:53"),
        ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
        ("::1", "[::1]:53"),
    ],
)
def test_a_dns_server_may_be_written_with_or_without_port_and_brackets(written: str, meant: str) -> None:
    assert settings_of(with_value(stack_file(), ("cloud", "rfc2136", "server"), written)).cloud.chosen.server == meant


def certificates(count: int) -> dict[str, Any]:
    hosts = [f"h{number}.portico.test" for number in range(count)]
    return {"wildcard": {"acme": {"hosts": ["*.portico.test", "portico.test"]}}, "many": {"acme": {"hosts": hosts}}}


def test_fails_when_a_gateway_would_need_more_listeners_than_it_may_have() -> None:
    just_right = MAX_LISTENERS - 3  # http, the wildcard and the apex
    assert problems_of(stack_file(certificates=certificates(just_right))) == {}
    problems = problems_of(stack_file(certificates=certificates(just_right + 1)))
    assert problems == {
        "portico:certificates": ["would need 65 listeners on one Gateway, which has at most 64: use a wildcard certificate"]
    }


def test_an_ingress_has_no_limit_of_listeners() -> None:
    raw = stack_file(certificates=certificates(90), entrypoint=ENTRYPOINTS["traefik-helm"])
    assert problems_of(raw) == {}


def many_orders(environment: str, count: int, **acme: Any) -> dict[str, Any]:
    names = [f"h{number}" for number in range(count)]
    return stack_file(
        entrypoint=ENTRYPOINTS["traefik-helm"],
        acme={"environment": environment, **acme},
        certificates={name: {"acme": {"hosts": [f"{name}.portico.test"]}} for name in names},
        sites={name: {"hosts": [f"{name}.portico.test"], "paths": {"/": "web:80"}} for name in names},
    )


def test_fails_when_lets_encrypts_week_would_be_used_up() -> None:
    assert problems_of(many_orders("production", WEEKLY_CERTIFICATES)) == {}
    assert problems_of(many_orders("production", WEEKLY_CERTIFICATES + 1)) == {
        "portico:certificates": [
            "would ask for 51 certificates of portico.test; Let's Encrypt gives 50 a week for one registered domain:"
            " use a wildcard certificate"
        ]
    }


def test_a_week_has_no_limit_on_staging_or_elsewhere() -> None:
    too_many = WEEKLY_CERTIFICATES + 1
    assert problems_of(many_orders("staging", too_many)) == {}
    own = {"production": {"url": "https://acme.example/directory"}}
    assert problems_of(many_orders("production", too_many, directories=own)) == {}


def test_certificates_are_counted_once_per_namespace_that_needs_a_copy() -> None:
    names = [f"n{number}" for number in range(WEEKLY_CERTIFICATES + 1)]
    raw = stack_file(
        entrypoint=ENTRYPOINTS["nginx-helm"],
        acme={"environment": "production"},
        certificates={"wildcard": {"acme": {"hosts": ["*.portico.test"]}}},
        sites={name: {"hosts": [f"{name}.portico.test"], "namespace": name, "paths": {"/": "web:80"}} for name in names},
    )
    assert list(problems_of(raw)) == ["portico:certificates"]
    assert problems_of({**raw, "entrypoint": ENTRYPOINTS["gateway"]}) == {}


def test_problems_of_several_rules_are_told_together() -> None:
    raw = with_value(stack_file(), ("sites", "apex", "redirect", "host"), "portico.test")
    raw = with_value(raw, ("certificates", "wildcard", "acme", "challenge"), "http-01")
    raw = with_value(raw, ("entrypoint", "gateway", "address"), {"ip": "192.0.2.99"})
    assert len(problems_of(raw)) == 3


def test_a_certificate_serves_the_host_that_it_names_before_one_that_it_covers() -> None:
    raw = with_value(stack_file(), ("certificates", "exact"), {"acme": {"hosts": ["shop.portico.test"]}})
    settings = settings_of(raw)
    assert settings.certificate_for("shop.portico.test") == "exact"
    assert settings.certificate_for("blog.portico.test") == "wildcard"
    assert settings.certificate_for("a.b.portico.test") is None
