"""The engine's side of the protocol: talks to a provider over gRPC as Pulumi does, and to test code in plain values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.plugin.servicer import Plugin, Provider
from sandbox.plugin.wire import decode, encode


class RefusedError(Exception):
    """What the provider answered, and what it told of a half-done resource."""

    def __init__(self, message: str, partial: provider_pb2.ErrorResourceInitFailed | None) -> None:
        super().__init__(message)
        self.partial = partial


@dataclass
class Standing:
    """A resource as the engine keeps it."""

    type: str
    id: str
    inputs: dict[str, Any]
    state: dict[str, Any]
    name: str = "shop"


@dataclass
class Engine:
    """One configured provider behind a real gRPC connection."""

    plugin: Plugin[Any]
    config: dict[str, Any]

    def __post_init__(self) -> None:
        self.provider = Provider(self.plugin)
        self.server = grpc.server(ThreadPoolExecutor(8))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self.provider, self.server)
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.ask("Configure", provider_pb2.ConfigureRequest(args=encode(self.config), acceptSecrets=True))

    def close(self) -> None:
        self.channel.close()
        self.server.stop(None)

    def ask(self, method: str, request: Any) -> Any:
        """One request, with its error as `RefusedError`."""
        try:
            return getattr(self.stub, method)(request, timeout=60)
        except grpc.RpcError as error:
            partial = None
            for key, value in error.trailing_metadata() or ():
                if key == "grpc-status-details-bin":
                    partial = provider_pb2.ErrorResourceInitFailed()
                    assert status_pb2.Status.FromString(value).details[0].Unpack(partial)
            raise RefusedError(error.details(), partial) from None

    @staticmethod
    def urn(kind: str, name: str) -> str:
        return f"urn:pulumi:test::portico::{kind}::{name}"

    def check(self, kind: str, news: dict[str, Any], olds: dict[str, Any] | None = None, name: str = "shop", **more: Any) -> Any:
        """The inputs with defaults, and the failures by property."""
        request = provider_pb2.CheckRequest(urn=self.urn(kind, name), olds=encode(olds or {}), news=encode(news), **more)
        answer = self.ask("Check", request)
        return decode(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def checked(self, kind: str, news: dict[str, Any], olds: dict[str, Any] | None = None, name: str = "shop") -> dict[str, Any]:
        inputs, failures = self.check(kind, news, olds, name)
        assert not failures, failures
        return dict(inputs)

    def preview(self, kind: str, news: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.CreateRequest(
            urn=self.urn(kind, "shop"), properties=encode(self.checked(kind, news)), preview=True
        )
        answer = self.ask("Create", request)
        assert answer.id == ""
        return dict(decode(answer.properties))

    def create(self, kind: str, news: dict[str, Any], timeout: float = 0, name: str = "shop") -> Standing:
        inputs = self.checked(kind, news, name=name)
        request = provider_pb2.CreateRequest(urn=self.urn(kind, name), properties=encode(inputs), timeout=timeout)
        answer = self.ask("Create", request)
        return Standing(kind, answer.id, inputs, decode(answer.properties), name)

    def diff(self, thing: Standing, news: dict[str, Any]) -> Any:
        inputs = self.checked(thing.type, news, thing.inputs, thing.name)
        return self.ask(
            "Diff",
            provider_pb2.DiffRequest(
                id=thing.id,
                urn=self.urn(thing.type, thing.name),
                olds=encode(thing.state),
                old_inputs=encode(thing.inputs),
                news=encode(inputs),
            ),
        )

    def changed(self, thing: Standing, news: dict[str, Any]) -> dict[str, str]:
        """Property to `update` or `replace`."""
        answer = self.diff(thing, news)
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.diffs)
        return {name: "replace" if name in answer.replaces else "update" for name in answer.diffs}

    def update(self, thing: Standing, news: dict[str, Any], timeout: float = 0) -> Standing:
        inputs = self.checked(thing.type, news, thing.inputs, thing.name)
        request = provider_pb2.UpdateRequest(
            id=thing.id, urn=self.urn(thing.type, thing.name), olds=encode(thing.state), news=encode(inputs), timeout=timeout
        )
        answer = self.ask("Update", request)
        return Standing(thing.type, thing.id, inputs, decode(answer.properties), thing.name)

    def read(self, thing: Standing) -> Standing | None:
        request = provider_pb2.ReadRequest(
            id=thing.id, urn=self.urn(thing.type, thing.name), properties=encode(thing.state), inputs=encode(thing.inputs)
        )
        return self._read(thing.type, request)

    def imported(self, kind: str, id_: str) -> Standing | None:
        return self._read(kind, provider_pb2.ReadRequest(id=id_, urn=self.urn(kind, "shop")))

    def _read(self, kind: str, request: provider_pb2.ReadRequest) -> Standing | None:
        answer = self.ask("Read", request)
        return Standing(kind, answer.id, decode(answer.inputs), decode(answer.properties)) if answer.id else None

    def delete(self, thing: Standing, timeout: float = 0) -> None:
        request = provider_pb2.DeleteRequest(
            id=thing.id, urn=self.urn(thing.type, thing.name), properties=encode(thing.state), timeout=timeout
        )
        self.ask("Delete", request)

    def invoke(self, token: str, **args: Any) -> dict[str, Any]:
        answer = self.ask("Invoke", provider_pb2.InvokeRequest(tok=token, args=encode(args)))
        return dict(decode(getattr(answer, "return")))

    def cancel(self) -> None:
        self.ask("Cancel", empty_pb2.Empty())


@contextlib.contextmanager
def configured(plugin: Plugin[Any], environment: Mapping[str, str], config: dict[str, Any]) -> Iterator[Engine]:
    """A provider started in that environment, for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        made = Engine(plugin, config)
        yield made
        made.close()
