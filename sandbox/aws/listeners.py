"""ELBv2's listeners and rules: ports and certificates checked as AWS does, and target groups that know who uses them."""

from __future__ import annotations

from typing import Any, cast

from moto.elb.models import register_certificate
from moto.elbv2 import models

from sandbox.aws import targets
from sandbox.aws.base import Refusal

_TAGS_LIMIT = 50
_TLS = ("HTTPS", "TLS")


class Listeners(models.ELBv2Backend):
    """The part of ELBv2 that is about listeners."""

    def create_listener(
        self,
        load_balancer_arn: str,
        protocol: str,
        port: str,
        ssl_policy: str | None,
        certificate: str | None,
        actions: list[dict[str, Any]],
        alpn_policy: list[str] | None = None,
        tags: list[dict[str, str]] | None = None,
    ) -> models.FakeListener:
        """Moto takes a port twice, TLS without a certificate, and gives plain listeners a TLS policy."""
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer and any(str(other.port) == str(port) for other in balancer.listeners.values()):
            raise Refusal(
                "DuplicateListener", f"A listener already exists on this port for this load balancer '{load_balancer_arn}'"
            )
        if protocol in _TLS and not certificate:
            raise Refusal("ValidationError", f"A certificate must be specified for {protocol} listeners")
        policy: Any = ssl_policy if protocol in _TLS else None
        made = super().create_listener(load_balancer_arn, protocol, port, policy, certificate, actions, alpn_policy, tags)
        self._link()
        return made

    def modify_listener(
        self,
        arn: str,
        port: str | None = None,
        protocol: str | None = None,
        ssl_policy: str | None = None,
        certificates: list[dict[str, Any]] | None = None,
        actions: list[dict[str, Any]] | None = None,
    ) -> models.FakeListener:
        """Moto refuses TLS and UDP, sets certificates of HTTPS only, and drops the further ones with the default."""
        listener = self.describe_listeners(None, [arn])[0]
        given = [certificate["CertificateArn"] for certificate in certificates or []]
        self._check_certificates(given)
        becomes = protocol or listener.protocol
        if becomes in _TLS and not given and not listener.certificates:
            raise Refusal("ValidationError", f"A certificate must be specified for {becomes} listeners")
        further = listener.certificates[1:]
        super().modify_listener(arn, port, None, ssl_policy, certificates or [], actions or [])
        listener.protocol = becomes
        if becomes not in _TLS:
            listener.certificate, listener.certificates, listener.ssl_policy = None, [], cast("str", None)
        elif given:
            listener.certificate, listener.certificates = given[0], [given[0], *further]
        self._link()
        return listener

    def delete_listener(self, listener_arn: str) -> models.FakeListener:
        """Moto leaves tags and target groups."""
        gone = super().delete_listener(listener_arn)
        self._forget(gone)
        self._link()
        return gone

    def add_listener_certificates(self, arn: str, certificates: list[dict[str, Any]]) -> list[str]:
        """Moto takes any, and each as often as it is given."""
        listener = self.describe_listeners(None, [arn])[0]
        given = [certificate["CertificateArn"] for certificate in certificates]
        self._check_certificates(given)
        return super().add_listener_certificates(
            arn, [{"CertificateArn": new} for new in given if new not in listener.certificates[1:]]
        )

    def remove_listener_certificates(self, arn: str, certificates: list[dict[str, Any]]) -> None:
        """Moto takes the default one too; it may be among the further ones as well, and stays when it is taken from those."""
        listener = self.describe_listeners(None, [arn])[0]
        default, further = listener.certificates[:1], listener.certificates[1:]
        gone = [certificate["CertificateArn"] for certificate in certificates]
        if any(one in default and one not in further for one in gone):
            raise Refusal("OperationNotPermitted", "The default certificate of a listener cannot be removed; modify the listener")
        listener.certificates = [*default, *(other for other in further if other not in gone)]

    def create_rule(self, *args: Any, **kwargs: Any) -> models.FakeListenerRule:
        """And let its target groups know."""
        made = super().create_rule(*args, **kwargs)
        self._link()
        return made

    def modify_rule(self, *args: Any, **kwargs: Any) -> models.FakeRule:
        """And let its target groups know."""
        changed = super().modify_rule(*args, **kwargs)
        self._link()
        return changed

    def delete_rule(self, arn: str) -> None:
        """And let its target groups know."""
        super().delete_rule(arn)
        self.tagging_service.delete_all_tags_for_resource(arn)
        self._link()

    def describe_rules(self, listener_arn: str | None, rule_arns: list[str] | None) -> list[models.FakeRule]:
        """In the order in which they are tried."""
        rules = super().describe_rules(listener_arn, rule_arns)
        return sorted(rules, key=lambda rule: (rule.is_default, 0 if rule.is_default else int(rule.priority)))

    def add_tags(self, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
        """Moto's limit is that of long ago."""
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
            if len(self.tagging_service.get_tag_dict_for_resource(arn) | {tag["Key"]: "" for tag in tags}) > _TAGS_LIMIT:
                raise Refusal("TooManyTags", f"{_TAGS_LIMIT} tags are allowed for a resource")
            self.tagging_service.tag_resource(arn, tags)

    def _link(self) -> None:
        targets.link(self.target_groups.values(), self.load_balancers.values())

    def _forget(self, listener: models.FakeListener) -> None:
        for arn in (listener.arn, *(str(rule) for rule in listener.rules)):
            self.tagging_service.delete_all_tags_for_resource(arn)

    def _check_certificates(self, arns: list[str]) -> None:
        for arn in arns:
            register_certificate(self.account_id, self.region_name, arn, "")
