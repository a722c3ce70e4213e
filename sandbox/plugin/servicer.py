"""The protocol between Pulumi's engine and a provider: pulumi/pulumi, proto/pulumi/provider.proto."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.plugin.call import Call
from sandbox.plugin.checking import Failure, check
from sandbox.plugin.difference import diff
from sandbox.plugin.lifecycle import Lifecycle
from sandbox.plugin.naming import DEFAULTS
from sandbox.plugin.problems import PartialError, ProviderError, text
from sandbox.plugin.schema import Resource
from sandbox.plugin.wire import Properties, decode, encode, plain, secrets, unknown

C = TypeVar("C", bound=Call)
C_co = TypeVar("C_co", bound=Call, covariant=True)
A = TypeVar("A")
Method = Callable[["Provider[Any]", Any, grpc.ServicerContext], A]


Lookup = Callable[[C, Properties], Properties]
"""A function of a provider."""


class Account(Protocol[C_co]):
    """One configuration of a provider."""

    def call(self, properties: Properties, timeout: float | None, cancelled: threading.Event) -> C_co:
        """A request for a thing with these properties."""


@dataclass(frozen=True)
class Plugin(Generic[C]):
    """What makes a provider that of one cloud.

    Attributes:
        name: of the package.
        version: of the SDK whose calls it answers.
        account: made from the provider's plain properties; it contacts nothing before it has to.
        checked: fills in what the environment says, and tells what is wrong with the provider's properties.
        resources: by the token of the type.
        lookups: by the token of the function.
    """

    name: str
    version: str
    account: Callable[[Properties], Account[C]]
    checked: Callable[[Properties], list[Failure]]
    resources: Mapping[str, Resource[C]]
    lookups: Mapping[str, Lookup[C]]


def _answers(method: Method[A]) -> Method[A]:
    """Errors become gRPC errors: what is told of the resource, and what was half done."""

    @functools.wraps(method)
    def answer(self: Provider[Any], request: Any, context: grpc.ServicerContext) -> A:
        try:
            return method(self, request, context)
        except PartialError as error:
            _abort_partial(context, error, self.secret_names(request))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the engine must be told
            _abort(context, error)

    return answer


def _abort(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, f"1 error occurred:\n\t* {text(error)}\n\n")
    raise AssertionError("abort raises")


def _abort_partial(context: grpc.ServicerContext, error: PartialError, secret: set[str]) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(id=error.id, properties=encode(error.state, secret), reasons=[error.reason])
    message = f"1 error occurred:\n\t* {error.reason}\n\n"
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")


class Provider(provider_pb2_grpc.ResourceProviderServicer, Generic[C]):
    """One configured provider.

    Attributes:
        cancelled: set when everything that waits is to give up.
    """

    def __init__(self, plugin: Plugin[C]) -> None:
        self._plugin = plugin
        self.cancelled = threading.Event()
        self._account = plugin.account({})

    @staticmethod
    def secret_names(request: Any) -> set[str]:
        """Properties of a request whose answer must be kept secret too."""
        given = [decode(getattr(request, name)) for name in ("properties", "news", "inputs") if hasattr(request, name)]
        return {name for properties in given for name in secrets(properties)}

    def Handshake(self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=True, accept_outputs=True, supports_autonaming_configuration=True
        )

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        return plugin_pb2.PluginInfo(version=self._plugin.version)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        return empty_pb2.Empty()

    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self._plugin.name, "version": self._plugin.version}))

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        self.cancelled.set()
        return empty_pb2.Empty()

    @_answers
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        news = decode(request.news)
        failures = self._plugin.checked(news)
        return provider_pb2.CheckResponse(inputs=encode(news), failures=_failures(failures))

    @_answers
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        olds, news = plain(decode(request.olds)), plain(decode(request.news))
        changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key) and key != "version")
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=changed)

    @_answers
    def Configure(self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        self._account = self._plugin.account(plain(decode(request.args)))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            supportsPreview=True,
            acceptResources=True,
            acceptOutputs=True,
            supports_autonaming_configuration=True,
        )

    @_answers
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        args = plain(decode(request.args))
        if request.tok not in self._plugin.lookups:
            raise ProviderError(f"unknown function {request.tok}; this provider has: {', '.join(sorted(self._plugin.lookups))}")
        if unknown(args):
            raise ProviderError(f"invoking {request.tok}: its arguments are not known yet")
        call = self._call(args, None)
        result = self._plugin.lookups[request.tok](call, {key: value for key, value in args.items() if value is not None})
        return provider_pb2.InvokeResponse(**{"return": encode(result)})

    @_answers
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        inputs, failures = check(self._resource(request), request, decode(request.olds), decode(request.news))
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_failures(failures))

    @_answers
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        olds, news = plain(decode(request.olds)), plain(decode(request.news))
        return diff(self._resource(request), self._call(news, None), olds, news)

    @_answers
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        resource, given = self._resource(request), decode(request.properties)
        inputs = _inputs(given)
        if request.preview:
            plan = resource.planned(self._call(inputs, None), inputs, {})
            return provider_pb2.CreateResponse(properties=encode(plan, secrets(given)))
        made, outputs = Lifecycle(resource, self._call(inputs, request.timeout)).create(inputs)
        return provider_pb2.CreateResponse(id=made, properties=encode(outputs, secrets(given)))

    @_answers
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        resource, state, inputs = self._resource(request), decode(request.properties), decode(request.inputs)
        call = self._call(plain(state), getattr(request, "timeout", 0))
        found = Lifecycle(resource, call).read(request.id, plain(state), plain(inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        secret = secrets(state) | secrets(inputs)
        return provider_pb2.ReadResponse(
            id=found.id, properties=encode(found.outputs, secret), inputs=encode({**found.inputs}, secret - {DEFAULTS})
        )

    @_answers
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        resource, given, state = self._resource(request), decode(request.news), plain(decode(request.olds))
        inputs = _inputs(given)
        if request.preview:
            plan = resource.planned(self._call(inputs, None), inputs, state)
            return provider_pb2.UpdateResponse(properties=encode(plan, secrets(given)))
        outputs = Lifecycle(resource, self._call(inputs, request.timeout)).update(request.id, state, inputs)
        return provider_pb2.UpdateResponse(properties=encode(outputs, secrets(given)))

    @_answers
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        state = plain(decode(request.properties))
        self._resource(request).delete(self._call(state, request.timeout), request.id, state)
        return empty_pb2.Empty()

    def _resource(self, request: Any) -> Resource[C]:
        token = request.type or request.urn.split("::")[2].split("$")[-1]
        try:
            return self._plugin.resources[token]
        except KeyError:
            known = ", ".join(sorted(self._plugin.resources))
            raise ProviderError(f"unknown resource type {token}; this provider has: {known}") from None

    def _call(self, properties: Properties, timeout: float | None) -> C:
        return self._account.call(properties, timeout or None, self.cancelled)


def _failures(found: Iterable[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in found]


def _inputs(given: Properties) -> Properties:
    """Plain inputs without the provider's own note on them."""
    return {key: plain(value) for key, value in given.items() if key != DEFAULTS}
