"""The protocol between Pulumi's engine and a provider: pulumi/pulumi, proto/pulumi/provider.proto."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.aws.provider import VERSION, lookups, resources
from sandbox.aws.provider.account import Account, ambient_region, parse
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.checking import check
from sandbox.aws.provider.difference import diff
from sandbox.aws.provider.lifecycle import Lifecycle
from sandbox.aws.provider.naming import DEFAULTS
from sandbox.aws.provider.problems import PartialError, ProviderError, text
from sandbox.aws.provider.schema import Resource
from sandbox.aws.provider.wire import Properties, Unknown, decode, encode, plain, secrets, unknown

_SCHEMA = f'{{"name": "aws", "version": "{VERSION}"}}'
_NO_REGION = "Missing region information\nMake sure you have set your AWS region, e.g. `pulumi config set aws:region us-west-2`."

A = TypeVar("A")


def _answers(method: Callable[[Provider, Any, grpc.ServicerContext], A]) -> Callable[[Provider, Any, grpc.ServicerContext], A]:
    """Errors become gRPC errors: what is told of the resource, and what was half done."""

    @functools.wraps(method)
    def answer(self: Provider, request: Any, context: grpc.ServicerContext) -> A:
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


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider.

    Attributes:
        cancelled: set when everything that waits is to give up.
    """

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._account = Account({})

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
        return plugin_pb2.PluginInfo(version=VERSION)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        return empty_pb2.Empty()

    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        return provider_pb2.GetSchemaResponse(schema=_SCHEMA)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        self.cancelled.set()
        return empty_pb2.Empty()

    @_answers
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        news = decode(request.news)
        if not plain(news.get("region")) and (region := ambient_region()):
            news["region"] = region
        failures = [] if plain(news.get("region")) else [provider_pb2.CheckFailure(property="region", reason=_NO_REGION)]
        return provider_pb2.CheckResponse(inputs=encode(news), failures=failures)

    @_answers
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        olds, news = plain(decode(request.olds)), plain(decode(request.news))
        changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key) and key != "version")
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=changed)

    @_answers
    def Configure(self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        self._account = Account(parse(plain(decode(request.args))))
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
        if request.tok not in lookups.TABLE:
            raise ProviderError(f"unknown function {request.tok}; this provider has: {', '.join(sorted(lookups.TABLE))}")
        if unknown(args):
            raise ProviderError(f"invoking {request.tok}: its arguments are not known yet")
        call = self._call(args, None)
        result = lookups.TABLE[request.tok](call, {key: value for key, value in args.items() if value is not None})
        return provider_pb2.InvokeResponse(**{"return": encode(result)})

    @_answers
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        inputs, failures = check(self._resource(request), request, decode(request.olds), decode(request.news))
        return provider_pb2.CheckResponse(
            inputs=encode(inputs), failures=[provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures]
        )

    @_answers
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        return diff(self._resource(request), self._account, plain(decode(request.olds)), plain(decode(request.news)))

    @_answers
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        resource, given = self._resource(request), decode(request.properties)
        inputs = _inputs(given)
        if request.preview:
            plan = resource.planned(self._account, inputs, {})
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
            plan = resource.planned(self._account, inputs, state)
            return provider_pb2.UpdateResponse(properties=encode(plan, secrets(given)))
        outputs = Lifecycle(resource, self._call(inputs, request.timeout)).update(request.id, state, inputs)
        return provider_pb2.UpdateResponse(properties=encode(outputs, secrets(given)))

    @_answers
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Any:  # noqa: D102, N802
        state = plain(decode(request.properties))
        self._resource(request).delete(self._call(state, request.timeout), request.id, state)
        return empty_pb2.Empty()

    @staticmethod
    def _resource(request: Any) -> Resource:
        token = request.type or request.urn.split("::")[2].split("$")[-1]
        try:
            return resources.TABLE[token]
        except KeyError:
            known = ", ".join(sorted(resources.TABLE))
            raise ProviderError(f"unknown resource type {token}; this provider has: {known}") from None

    def _call(self, properties: Mapping[str, Any], timeout: float | None) -> Call:
        region = properties.get("region") or self._account.region
        return Call(self._account, "" if isinstance(region, Unknown) else str(region), timeout or None, self.cancelled)


def _inputs(given: Properties) -> Properties:
    """Plain inputs without the provider's own note on them."""
    return {key: plain(value) for key, value in given.items() if key != DEFAULTS}
