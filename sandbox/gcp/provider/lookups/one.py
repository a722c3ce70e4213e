"""A lookup of one thing by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.gcp.provider.refusals import GONE
from sandbox.plugin.problems import MissingError, ProviderError, code, text


@contextmanager
def looking(what: str, id_: str) -> Iterator[None]:
    """Errors inside are told as the real provider tells them.

    As in terraform-provider-google, google/transport/transport.go, HandleDataSourceNotFoundError.

    Args:
        what: is looked up, for people.
        id_: of it, which alone is named when there is no such thing.
    """
    try:
        yield
    except Exception as error:
        if code(error) in GONE:
            raise MissingError(f"{id_} not found") from error
        raise ProviderError(f"Error when reading or editing {what}: {text(error)}") from error
