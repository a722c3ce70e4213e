"""The provider of Google Cloud, put together."""

from __future__ import annotations

from sandbox.gcp.provider import VERSION, lookups, resources
from sandbox.gcp.provider import refusals as refusals  # read its errors
from sandbox.gcp.provider.account import AMBIENT, ambient
from sandbox.gcp.provider.call import Call, Configuration
from sandbox.plugin.checking import Failure
from sandbox.plugin.servicer import Plugin
from sandbox.plugin.wire import Properties, plain


def _checked(news: Properties) -> list[Failure]:
    """A project is asked for only by what lies in one."""
    for name in AMBIENT:
        if not plain(news.get(name)) and (value := ambient(name)):
            news[name] = value
    return []


PLUGIN: Plugin[Call] = Plugin("gcp", VERSION, Configuration, _checked, resources.TABLE, lookups.TABLE)
