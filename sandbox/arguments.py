"""Arguments that the sandbox's own servers share."""

from __future__ import annotations

import argparse


def host_port(text: str) -> tuple[str, int]:
    """`127.0.0.1:53` as host and port, for argparse."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)
