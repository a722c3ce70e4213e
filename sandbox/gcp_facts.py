"""What stack files and pulumi read of the GCP twin: its endpoint, and the key of a service account."""

from __future__ import annotations

from sandbox.cloud_processes import endpoint
from sandbox.credentials import write_credentials
from sandbox.layout import Layout
from sandbox.ports import Ports


def write_gcp_facts(layout: Layout, ports: Ports) -> None:
    """Write them: neither depends on what the twin knows."""
    layout.write_fact("gcp-endpoint", endpoint("gcp", ports))
    layout.write_fact("gcp-key", str(write_credentials(layout, ports).gcp_key))
