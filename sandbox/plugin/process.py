"""A plugin's process, started by Pulumi's engine, which reads the port from its output."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.plugin.servicer import Plugin, Provider

# A thread per request under way: certificates that wait must not keep out the records that they wait for.
_THREADS = 256
_LARGEST = 400 << 20  # bytes of a message, as everywhere in Pulumi
_GRACE = 5.0


def serve(plugin: Plugin[Any]) -> NoReturn:
    """Serve until the engine ends it, or is gone."""
    provider = Provider(plugin)
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    over = threading.Event()
    # The engine ends its plugins with SIGINT, and waits five seconds for one that pays no heed. A terminal's Ctrl-C does not come
    # here: plugins have a process group of their own.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    parent = os.getppid()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while not over.wait(1) and os.getppid() == parent:
        pass
    provider.cancelled.set()
    server.stop(_GRACE).wait()
    # The interpreter would wait for every thread of the pool; a request that hangs in the cloud is not worth it.
    os._exit(0)
