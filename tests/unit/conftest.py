"""Settings of hypothesis for all unit tests, and what makes them quick."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

# Time says little on a busy machine: an example that takes long once is no failure.
settings.register_profile("portico", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portico")


def pytest_collection_finish() -> None:
    """What is imported by now stays to the end: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
