"""Who calls, where, and whose tokens the account takes."""

from __future__ import annotations

from sandbox.aws.provider import tags
from sandbox.aws.provider.call import Call
from sandbox.aws.provider.resources import iam
from sandbox.plugin.problems import MissingError, ProviderError, doing
from sandbox.plugin.wire import Properties

_SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}


def get_caller_identity(call: Call, _: Properties) -> Properties:
    """Account and principal."""
    with doing("reading STS Caller Identity"):
        answer = call.client("sts").get_caller_identity()
    return {"accountId": answer["Account"], "arn": answer["Arn"], "id": answer["Account"], "userId": answer["UserId"]}


def get_partition(call: Call, _: Properties) -> Properties:
    """The part of AWS."""
    partition = call.account.partition()
    suffix = _SUFFIXES.get(partition, "amazonaws.com")
    reverse = ".".join(reversed(suffix.split(".")))
    return {"dnsSuffix": suffix, "id": partition, "partition": partition, "reverseDnsPrefix": reverse}


def get_region(call: Call, args: Properties) -> Properties:
    """A region's name, from what botocore knows."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]

    name = args.get("region") or args.get("name") or call.region
    suffix = _SUFFIXES.get(call.account.partition(name), "amazonaws.com")
    endpoint = args.get("endpoint") or f"ec2.{name}.{suffix}"
    name = endpoint.split(".")[1] if args.get("endpoint") else name
    regions = {
        key: value for part in create_loader().load_data("endpoints")["partitions"] for key, value in part["regions"].items()
    }
    if name not in regions:
        raise ProviderError(f"region not found for name {name!r}")
    return {"description": regions[name]["description"], "endpoint": endpoint, "id": name, "name": name, "region": name}


def get_open_id_connect_provider(call: Call, args: Properties) -> Properties:
    """By ARN or by URL."""
    arn, url = args.get("arn"), args.get("url")
    if bool(arn) == bool(url):
        raise ProviderError("Invalid combination of arguments: one of `arn,url` must be specified")
    if url:
        with doing(f"reading IAM OIDC Provider ({url})"):
            every = call.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
            wanted = url.removeprefix("https://")
            arn = next((entry["Arn"] for entry in every if entry["Arn"].partition("/")[2] == wanted), None)
            if arn is None:
                raise MissingError
    with doing("reading IAM OIDC Provider"):
        found = iam.find(call, "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
        if found is None:
            raise MissingError
    return {
        "arn": arn,
        "clientIdLists": found.get("ClientIDList") or [],
        "id": arn,
        "tags": tags.as_dict(found.get("Tags")),
        "thumbprintLists": found.get("ThumbprintList") or [],
        "url": found["Url"],
    }
