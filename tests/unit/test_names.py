"""What every Kubernetes object of a stack carries."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from components.names import REVISION, awaited, metadata
from tests.support.recorder import UNKNOWN, Registration, record, waiting

#: A Service's spec as a program writes it, and other ones.
SPEC = {"type": "LoadBalancer", "ports": [{"port": 80}]}
ASKED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "another port": ({"type": "LoadBalancer", "ports": [{"port": 81}]}, {"a": "1"}),
    "another annotation": (SPEC, {"a": "2"}),
    "one annotation less": (SPEC, {}),
}


def marked(spec: object, annotations: dict[str, Any]) -> Registration:
    """A Service whose spec is `spec`, or what it returns where outputs can be made: within the program."""

    def program() -> None:
        carried = awaited("condition=Ready", spec() if callable(spec) else spec, annotations)
        k8s.core.v1.Service("front", metadata=metadata("portico-test", "front", annotations=carried))

    return record(program).one("Service", "front")


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_an_awaited_object_tells_its_content_apart_from_any_earlier_one(asked: tuple[dict[str, Any], dict[str, str]]) -> None:
    first, again, other = marked(SPEC, {"a": "1"}), marked(SPEC, {"a": "1"}), marked(*asked)
    assert first.annotations[REVISION] == again.annotations[REVISION]
    assert first.annotations[REVISION] != other.annotations[REVISION]
    assert first.annotations["pulumi.com/waitFor"] == waiting(first, "condition=Ready")


def test_the_content_may_be_typed_and_hold_outputs() -> None:
    def spec(ip: str) -> k8s.core.v1.ServiceSpecArgs:
        ports = [k8s.core.v1.ServicePortArgs(port=80)]
        return k8s.core.v1.ServiceSpecArgs(load_balancer_ip=pulumi.Output.from_input(ip), ports=ports)

    one, other = marked(lambda: spec("192.0.2.1"), {}), marked(lambda: spec("192.0.2.2"), {})
    assert one.annotations[REVISION] != other.annotations[REVISION]


def test_what_is_not_known_at_preview_is_no_change_of_known_content() -> None:
    def program() -> None:
        address = pulumi.Output(set[pulumi.Resource](), _later(UNKNOWN), _later(False))
        carried = awaited("condition=Ready", {"ip": address})
        k8s.core.v1.Service("front", metadata=metadata("portico-test", "front", annotations=carried))

    assert record(program, preview=True).one("Service", "front").annotations[REVISION] == UNKNOWN


async def _later(value: Any) -> Any:
    return value


def test_all_objects_are_applied_under_the_stacks_own_name() -> None:
    assert marked(SPEC, {}).annotations["pulumi.com/patchFieldManager"] == "portico-test"
