"""Runs Pulumi code under the real Python SDK and records what the engine would be told, whole.

Pulumi's stock mocks hide parents, order, providers, protection, secrets and registered outputs, which is most of what a front
door is about. The recorder keeps each registration as the SDK sends it, and answers as an engine and its providers would.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import resource, rpc
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import SETTINGS, set_root_resource
from pulumi.runtime.stack import run_pulumi_func

from components.names import REVISION
from tests.support import aws, gcp

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"

#: What an output is while nobody knows it.
UNKNOWN = rpc.UNKNOWN

#: What a stack reference finds in the other stack.
OTHER_STACKS_KUBECONFIG = "kubeconfig of another stack"


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts."""

    value: Any


@dataclass
class Registration:
    """One resource, as the engine was asked for it."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    dependencies: frozenset[str]
    provider: str
    protect: bool
    delete_before_replace: bool
    timeouts: Mapping[str, str]
    additional_secret_outputs: frozenset[str]
    custom: bool
    outputs: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        """`Certificate`, `Service`, …: the last word of the type."""
        return self.type.rpartition(":")[2]

    @property
    def metadata(self) -> dict[str, Any]:
        """A Kubernetes object's metadata."""
        found: dict[str, Any] = self.inputs.get("metadata", {})
        return found

    @property
    def spec(self) -> Any:
        """A Kubernetes object's spec."""
        return self.inputs["spec"]

    @property
    def annotations(self) -> dict[str, str]:
        """A Kubernetes object's annotations."""
        found: dict[str, str] = self.metadata.get("annotations", {})
        return found

    @property
    def told(self) -> dict[str, str]:
        """What a Service or Ingress tells the AWS Load Balancer Controller: its annotations, without their prefixes."""
        prefixes = ("alb.ingress.kubernetes.io/", "service.beta.kubernetes.io/")
        return {key.partition("/")[2]: value for key, value in self.annotations.items() if key.startswith(prefixes)}

    def state(self) -> tuple[object, ...]:
        """Everything that would show in a preview if it changed."""
        return (self.type, self.name, repr(self.inputs), self.parent, self.provider, self.protect, repr(self.timeouts))


@dataclass(frozen=True)
class Invocation:
    """A question to a provider about what is there already."""

    token: str
    args: dict[str, Any]
    provider: str


@dataclass
class Recording:
    """All registrations of one run, in the order in which they arrived, and what was asked."""

    items: list[Registration] = field(default_factory=list)
    asked: list[Invocation] = field(default_factory=list)
    result: Any = None
    _before: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[Registration]:
        return iter(self.items)

    def all(self, kind: str) -> list[Registration]:
        """Every registration of a kind."""
        return [item for item in self.items if item.kind == kind]

    def one(self, kind: str, name: str | None = None) -> Registration:
        """The only registration of a kind (and name)."""
        found = [item for item in self.all(kind) if name in (None, item.name)]
        assert len(found) == 1, f"{len(found)} of {kind} {name or ''} in {sorted((i.kind, i.name) for i in self.items)}"
        return found[0]

    def object(self, kind: str, name: str | None = None) -> Registration:
        """The same where a component is of that kind, too: what is no component."""
        found = [item for item in self.all(kind) if item.custom and name in (None, item.name)]
        assert len(found) == 1, f"{len(found)} of {kind} {name or ''} in {sorted((i.kind, i.name) for i in self.items)}"
        return found[0]

    def by_urn(self) -> dict[str, Registration]:
        """Registrations by URN."""
        return {item.urn: item for item in self.items}

    def before(self, item: Registration) -> set[str]:
        """URNs of all that is made before the resource, directly or by way of others; the engine deletes in reverse."""
        if item.urn in self._before:
            return self._before[item.urn]
        known, seen, todo = self.by_urn(), set[str](), [item.urn]
        while todo:
            current = known.get(todo.pop())
            if current is None:
                continue
            for urn in current.dependencies:
                if urn not in seen:
                    seen.add(urn)
                    todo.append(urn)
        self._before[item.urn] = seen
        return seen

    def waits(self, later: Registration, earlier: Registration) -> bool:
        """Whether one resource is only begun when the other is done."""
        return earlier.urn in self.before(later)


def waiting(item: Registration, condition: str) -> str:
    """The annotation that lets the provider wait for a condition of the object as it is asked for, and of no older one."""
    return json.dumps([f"jsonpath={{.metadata.annotations['{REVISION}']}}={item.annotations[REVISION]}", condition])


Answer = Callable[[str, dict[str, Any]], dict[str, Any]]

#: Answers a question about what is there already: its token and arguments. A LookupError is the provider's refusal.
Found = Callable[[str, dict[str, Any]], dict[str, Any]]


def answer(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What the engine and its providers make of a resource of that type: its inputs, and what only they know."""
    return _made(kind, inputs, lambda value: value)


def unknown_address(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """As `answer`, but as in a preview: what does not exist yet has no address, identity or date."""
    return _made(kind, inputs, lambda _: UNKNOWN)


def _made(kind: str, inputs: dict[str, Any], found: Callable[[Any], Any]) -> dict[str, Any]:
    state = dict(inputs)
    if kind.startswith("aws:"):
        state |= aws.made(kind, inputs, found)
    if kind.startswith("gcp:"):
        state |= gcp.made(kind, inputs, found)
    if kind.startswith("kubernetes:") and "metadata" in state:
        state["metadata"] = {**state["metadata"], "uid": found(f"uid of {state['metadata']['name']}")}
    if kind.endswith(":Reservation"):
        state["address"] = found(inputs.get("ip") or "192.0.2.16")
    if kind.endswith(":Issuance"):
        state["not_after"] = found("2030-01-01T00:00:00Z")
    return state


def invoked(token: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The clouds' answers to questions about what is there already."""
    return gcp.invoked(token, asked) if token.startswith("gcp:") else aws.invoked(token, asked)


class _NoMocks(Mocks):
    """Nothing is left to Pulumi's own mocks: the monitor below answers itself."""

    def call(self, args: Any) -> tuple[dict[str, Any], None]:
        raise NotImplementedError(args.token)

    def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError(args.typ)


class _Refusal(grpc.RpcError):  # type: ignore[misc]  # its base is untyped
    """A provider's no, as the engine passes it on."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self.args[0])


class _Monitor(MockMonitor):
    def __init__(self, reply: Answer, found: Found, *, named: bool) -> None:
        super().__init__(_NoMocks())
        self.recording = Recording()
        self._reply, self._found, self._named = reply, found, named

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """A question to a provider: the only ones that are asked are those that `found` knows."""
        asked = plain(json_format.MessageToDict(request.args))
        self.recording.asked.append(Invocation(request.tok, asked, request.provider))
        try:
            fields = {"return": _struct(self._found(request.tok, asked))}
        except LookupError as error:
            raise _Refusal(f"invocation of {request.tok} returned an error: {error.args[0]}") from None
        return resource_pb2.ResourceInvokeResponse(**fields)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the name of the engine's own call
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = json_format.MessageToDict(request.object)
        limits = request.customTimeouts
        self.recording.items.append(
            Registration(
                urn=urn,
                type=request.type,
                name=request.name,
                inputs=plain(inputs),
                parent=request.parent,
                dependencies=frozenset(request.dependencies),
                provider=request.provider,
                protect=request.protect,
                delete_before_replace=request.deleteBeforeReplace,
                timeouts={key: getattr(limits, key) for key in ("create", "update", "delete") if getattr(limits, key)},
                additional_secret_outputs=frozenset(request.additionalSecretOutputs),
                custom=request.custom,
            )
        )
        state = self._reply(request.type, inputs) if request.custom else {}
        # In a preview what is new has no id yet, but for providers, which the engine starts all the same.
        named = request.custom and (self._named or request.type.startswith("pulumi:providers:"))
        known = gcp.id_of(request.type, inputs) or f"{request.name}-id"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=known if named else "", object=_struct(state))

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """A stack reference: the only thing that a program here reads."""
        urn = self.make_urn(request.parent, request.type, request.name)
        outputs = {"kubeconfig": {_SIGNATURE: _SECRET, "value": OTHER_STACKS_KUBECONFIG}}
        state = {**json_format.MessageToDict(request.properties), "outputs": outputs, "secretOutputNames": ["kubeconfig"]}
        return resource_pb2.ReadResourceResponse(urn=urn, properties=_struct(state))

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        for item in self.recording.items:
            if item.urn == request.urn:
                item.outputs = plain(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()


def _struct(state: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(state, struct_pb2.Struct())


def plain(value: Any) -> Any:
    """The SDK's wire form as Python: secrets as `Secret`, whole numbers as int, keys in order."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return Secret(plain(value["value"]))
        return {key: plain(item) for key, item in sorted(value.items())}  # the wire has no order of keys
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def record(
    program: Callable[[], Any],
    reply: Answer = answer,
    *,
    preview: bool = False,
    standing: bool = False,
    stack: str = "test",
    found: Found = invoked,
) -> Recording:
    """Runs the program to its end, and returns what it registered. Raises what the program raises.

    `standing`: in a preview, that everything is there already and has its id.
    """
    monitor = _Monitor(reply, found, named=standing or not preview)
    return contextvars.Context().run(_record, program, monitor, preview, stack)


def _record(program: Callable[[], Any], monitor: _Monitor, preview: bool, stack: str) -> Recording:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:

        async def run() -> None:
            set_root_resource(None)  # type: ignore[arg-type]  # a root of an earlier run is not this run's
            set_mocks(monitor.mocks, project="portico", stack=stack, preview=preview, monitor=monitor)

            def main() -> None:
                monitor.recording.result = program()

            await run_pulumi_func(main)

        # Where in the program a resource is made is worked out for the engine's errors; here it is a third of the time, and
        # looking for garbage half of the rest.
        gc.disable()
        with mock.patch.object(resource, "_get_stack_trace", source_pb2.StackTrace):
            try:
                loop.run_until_complete(run())
            except Exception:
                _give_up(loop)
                raise
        return monitor.recording
    finally:
        gc.enable()
        asyncio.set_event_loop(None)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _give_up(loop: asyncio.AbstractEventLoop) -> None:
    """Lets go of what still waits in a run that has failed, so that no other run waits for it and nobody hears of it again."""
    loop.set_exception_handler(lambda _loop, _context: None)
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    SETTINGS.outputs.clear()
    SETTINGS.rpc_manager.clear()
