"""What every truth of the twin stands on: the moto it was made for, its account, and refusals as AWS words them."""

from __future__ import annotations

import os
import random
import string
from typing import Any

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # read by moto when it is imported; no machine image is ever asked for

import moto
from moto.core.exceptions import ServiceException
from moto.core.models import DEFAULT_ACCOUNT_ID

from sandbox.twin.errors import TwinError

MADE_FOR = "5.2.5"  # moto's insides are subclassed here: look at each truth again before this is raised
ACCOUNT = DEFAULT_ACCOUNT_ID
PARTITION = "aws"


class WrongMotoError(TwinError):
    """moto is not the one that the truths were made for."""


def check_moto() -> None:
    """Refuse any other moto: with it a truth could be lost without a word.

    Raises:
        WrongMotoError: it is another version.
    """
    if moto.__version__ != MADE_FOR:
        raise WrongMotoError(
            f"moto {moto.__version__} is installed, the twin's truths are made for {MADE_FOR}:"
            " install that one, or look at every class in sandbox/aws that derives from moto's, run its tests, and raise MADE_FOR"
        )


class Refusal(ServiceException):
    """An error with AWS's code; moto words it in the protocol of the service that was asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def replace(module: Any, name: str, derived: type) -> None:
    """Let moto make objects of a class derived from its own, where it offers no other way.

    Raises:
        WrongMotoError: moto no longer has that class, or has another one in its place.
    """
    if derived is getattr(module, name, None):
        return
    if not issubclass(derived, getattr(module, name, type(None))):
        raise WrongMotoError(f"{derived.__qualname__} is not derived from {module.__name__}.{name}")
    setattr(module, name, derived)


def letters(count: int, alphabet: str = string.ascii_uppercase + string.digits) -> str:
    """Random letters for an id."""
    return "".join(random.choices(alphabet, k=count))  # noqa: S311 -- an id, not a secret
