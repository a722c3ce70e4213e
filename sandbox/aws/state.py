"""All that the twin knows, in one file.

It is written after every request that changed something, before the answer goes out: what was answered as done is done after
`kill -9` at any moment, as with AWS. One file for all services, because their objects refer to each other (a load balancer to its
subnets). It is replaced as a whole, so a reader never sees half of it. With 200 resources this takes about 1 ms, a third of
what moto needs for the request; a file that is written behind would save that and lose the promise.
"""

from __future__ import annotations

import copyreg
import pickle
from pathlib import Path
from typing import Any

from cryptography import x509
from moto.acm import models as acm
from moto.core.base_backend import BackendDict

from sandbox.aws.base import MADE_FOR
from sandbox.layout import write_atomically
from sandbox.twin.errors import TwinError

_FORMAT = 1


class StateError(TwinError):
    """The file was written by another version of the twin."""


class State:
    """The backends of some services and their file."""

    def __init__(self, file: Path, services: dict[str, BackendDict[Any]]) -> None:
        """Nothing is read yet.

        Args:
            file: need not exist.
            services: by a name that stays.
        """
        self._file = file
        self._services = services
        copyreg.pickle(acm.CertBundle, _reduce_certificate)

    def load(self) -> bool:
        """Take over what the file holds; False if there is none.

        Raises:
            StateError: it is of another version.
        """
        if not self._file.exists():
            return False
        content = pickle.loads(self._file.read_bytes())  # noqa: S301 -- written below, by this program
        if content["made_by"] != (_FORMAT, MADE_FOR):
            raise StateError(
                f"{self._file} was written by format and moto {content['made_by']}, this is {(_FORMAT, MADE_FOR)}:"
                " empty the sandbox (python -m sandbox down --purge)"
            )
        for name, account, region, backend in content["backends"]:
            self._services[name][account][region] = backend
        return True

    def save(self) -> None:
        """Write all of it."""
        backends = [(name, *entry) for name, service in self._services.items() for entry in service.iter_backends()]
        content = {"made_by": (_FORMAT, MADE_FOR), "backends": backends}
        write_atomically(self._file, pickle.dumps(content, pickle.HIGHEST_PROTOCOL), 0o600)


def _reduce_certificate(bundle: acm.CertBundle) -> tuple[Any, ...]:
    """Imported certificates hold parsed ones, which cannot be pickled; their PEM is kept beside it."""
    kept = {key: value for key, value in vars(bundle).items() if key not in ("_key", "_cert")}
    return _restore_certificate, (kept,)


def _restore_certificate(kept: dict[str, Any]) -> Any:
    bundle: Any = acm.CertBundle.__new__(acm.CertBundle)
    vars(bundle).update(kept)
    bundle._key, bundle._cert = bundle.validate_pk(), x509.load_pem_x509_certificate(bundle.cert)
    return bundle
