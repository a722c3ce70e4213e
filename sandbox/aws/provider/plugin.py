"""The provider of AWS, put together."""

from __future__ import annotations

from sandbox.aws.provider import VERSION, lookups, resources
from sandbox.aws.provider import refusals as refusals  # read its errors
from sandbox.aws.provider.account import ambient_region
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.configuration import Configuration
from sandbox.plugin.checking import Failure
from sandbox.plugin.servicer import Plugin
from sandbox.plugin.wire import Properties, plain

_NO_REGION = "Missing region information\nMake sure you have set your AWS region, e.g. `pulumi config set aws:region us-west-2`."


def _checked(news: Properties) -> list[Failure]:
    if not plain(news.get("region")) and (region := ambient_region()):
        news["region"] = region
    return [] if plain(news.get("region")) else [("region", _NO_REGION)]


PLUGIN: Plugin[Call] = Plugin("aws", VERSION, Configuration, _checked, resources.TABLE, lookups.TABLE)
