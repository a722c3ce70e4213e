"""Writes docs/settings.md from the settings models: `python -m docs.generate_settings`; `--check` only compares."""

from __future__ import annotations

import sys
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from components.settings.base import OneOf
from components.settings.certificates import Directory
from components.settings.problems import NAMESPACE
from components.settings.root import Settings

PAGE = Path(__file__).with_name("settings.md")

HEAD = """\
# Settings

Every key of a stack file. This page is generated from the models in `components/settings`; after a change there, run
`.venv/bin/python -m docs.generate_settings`.

- A key is written in full at the top level (`portico:sites`), and what hangs under it as plain YAML.
- `<name>` is a name of your own. It becomes part of resource and object names, so renaming it makes the thing anew.
- Where one of several kinds is chosen, the key picks the kind and its options hang under it. Below the top level, a kind with
  all defaults may be written as the bare word: `controller: helm` means `controller: {helm: {}}`.
- `<kind>` stands for each kind of the section: what all kinds share is listed once.
- Any value may be `{from_file: path}` or `{from_env: NAME}`: the content of that file (a relative path starts at the
project's folder) or
  of that environment variable. A map whose only key is one of these two is always read this way.
- An unknown key is an error that names the allowed ones. All problems of a stack file are reported at once.
- Seconds are whole numbers. Secret values are set with `pulumi config set --secret --path`, see [a cluster of your own](dev.md).
"""

#: What the models leave to the reader's guess. A field that gets a description of its own must leave this table.
SAID = {
    "Tsig.algorithm": "How updates are signed.",
    "Ports.http": "Port for plain http.",
    "Ports.https": "Port for https.",
    "TargetPorts.http": "Port that the pods answer plain http on.",
    "TargetPorts.https": "Port that the pods answer https on.",
    "TraefikEntrypoint.class_name": "IngressClass.",
    "NginxEntrypoint.class_name": "IngressClass.",
    "HelmCertManager.namespace": "Namespace of the release, created if it does not exist.",
    "NamespaceSettings.labels": "Labels of the namespace.",
    "RedirectTo.host": "Where requests are sent.",
    "SiteSettings.hosts": "Host names of the site. Each gets a record, and must be covered by a certificate.",
    "Settings.protect": "Reserved addresses and zones can only be deleted after they are unprotected.",
    "ServiceAccount.namespace": "Its namespace.",
    "ServiceAccount.name": "Its name.",
    "AlbEntrypoint.class_name": "IngressClass.",
    "HelmLoadBalancerController.namespace": "Namespace of the release.",
    "Settings.preflight": "Ask the cluster, the DNS server, existing zones and the ACME server before anything is created.",
    "Settings.stack": "Name in object names and labels: `portico-<stack>`.",
}

#: What a check of a text says of its type, by the check's name.
KINDS = {
    "check_host": "host name",
    "check_pattern": "host name or wildcard",
    "check_ca_bundle": "PEM text",
    "_check_ip": "IP address",
    "_check_pool": "address, network or range",
    "_check_server": "`IP` or `IP:port`",
    "_check_directory": "https URL",
    "_check_path": "path",
    "_check_region": "region",
    "_check_location": "region or zone",
    "_check_project": "project's id",
    "_check_name": "name at Google Cloud",
    "_check_labels": "map",
    "_check_role": "ARN of a role",
    "_check_subnet": "subnet id",
    "_check_security_group": "security group id",
    "_check_web_acl": "ARN of a web ACL",
    "_check_balancer": "load balancer name",
    "_check_tags": "map",
    "_check_attributes": "map",
    "_check_port": "port number or name",
    "_check_bucket": "bucket name",
    "_check_cidr": "network",
    "_check_tls_policy": "security policy of ELB",
}

_KUBE_NAME = "a-z0-9]([-a-z0-9]"


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    key: str
    kind: str
    default: str
    meaning: str

    def __str__(self) -> str:
        cells = (self.key and f"`{self.key}`", self.kind, self.default, self.meaning)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        yield f"## {NAMESPACE}:{name}\n"
        model = _model(field.annotation)
        if model is not None and model.__doc__:
            yield f"{_first(model.__doc__)}\n"
        if name == "cert_manager":
            yield "Default: installed by Helm.\n"
        yield "| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |"
        rows = list(_rows(field.annotation, "")) if model else [_leaf(Settings, name, field, "")]
        if model is not None and issubclass(model, OneOf):
            rows = _once(rows, model.keys())
        yield "\n".join(str(row) for row in rows)
        yield ""


def _once(rows: list[Row], kinds: list[str]) -> list[Row]:
    """What every kind has word for word is said once, in the place of the first kind's."""

    def shared(row: Row) -> Row:
        steps = ["<kind>" if step in kinds else step for step in row.key.split(".")]
        return replace(row, key=".".join(steps))

    often = Counter(shared(row) for row in rows)
    return list(dict.fromkeys(shared(row) if often[shared(row)] == len(kinds) > 1 else row for row in rows))


def _rows(annotation: Any, path: str, item: str = "<name>") -> Iterator[Row]:
    """The rows for whatever an annotation holds: a model's fields, or those of the models in a map."""
    if get_origin(annotation) is dict:
        yield from _rows(get_args(annotation)[1], f"{path}.{item}".removeprefix("."))
        return
    model = _model(annotation)
    if model is None:
        return
    for name, field in model.model_fields.items():
        where = f"{path}.{field.alias or name}".removeprefix(".")
        below = _model(field.annotation)
        if below is None:
            yield _leaf(model, name, field, where)
            continue
        kind = "one of its keys" if issubclass(below, OneOf) else "map"
        yield Row(where, kind, _group_default(model, field), field.description or _first(below.__doc__ or ""))
        yield from _rows(field.annotation, where, item="<path>")


def _leaf(model: type[BaseModel], name: str, field: FieldInfo, key: str) -> Row:
    said = SAID.get(f"{model.__name__}.{name}")
    if bool(field.description) == bool(said):
        raise SystemExit(f"{model.__name__}.{name} must be described once, in its model or in SAID: it is {bool(said)} in SAID")
    default = "the Pulumi stack's name" if (model, name) == (Settings, "stack") else _default(field)
    return Row(key, _kind(field.annotation, field.metadata), default, field.description or said or "")


def _group_default(owner: type[BaseModel], field: FieldInfo) -> str:
    if issubclass(owner, OneOf):
        return ""
    if field.is_required():
        return "required"
    if field.default_factory is None:
        return "none"
    made: Any = field.default_factory()  # type: ignore[call-arg]  # none of these takes the validated data
    if isinstance(made, Directory):
        return f"`{made.url}`"
    return f"`{made.kind}`" if isinstance(made, OneOf) else "see below" if made else "none"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default_factory() if field.default_factory else field.default  # type: ignore[call-arg]  # as above
    if value is None or value in ({}, []):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def _kind(annotation: Any, metadata: list[Any]) -> str:
    """An annotation in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0], [*arguments[1:], *metadata])
    if origin in (Union, types.UnionType):
        kinds = [_kind(each, metadata) for each in arguments if each is not type(None)]
        return " or ".join(dict.fromkeys(kinds))
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin is list:
        return f"list of: {_kind(arguments[0], [])}"
    if origin is dict:
        return "map"
    checks = [each.func.__name__ for each in _flat(metadata) if isinstance(each, AfterValidator)]
    named = next((KINDS[check] for check in checks if check in KINDS), None)
    if named:
        return named
    if annotation is SecretStr:
        return "secret text"
    if annotation is bool:
        return "`true` or `false`"
    if annotation is int:
        bounds = {key: getattr(each, key) for each in _flat(metadata) for key in ("ge", "le") if hasattr(each, key)}
        return f"{bounds['ge']} to {bounds['le']}" if bounds.keys() >= {"ge", "le"} else "whole number"
    if any(_KUBE_NAME in str(getattr(each, "pattern", "")) for each in _flat(metadata)):
        return "Kubernetes name"
    return "text"


def _flat(metadata: list[Any]) -> Iterator[Any]:
    """Constraints, those that a nested field carries included."""
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from _flat(each.metadata)
        else:
            yield each
            if hasattr(each, "metadata"):
                yield from _flat(each.metadata)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation: itself, one that may be left out, or one of a map."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, dict, Annotated):
        return next((found for each in get_args(annotation) if (found := _model(each)) is not None), None)
    return None


def _first(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def main() -> None:
    """Writes the page, or with --check says whether it is up to date."""
    wanted = page()
    if "--check" in sys.argv[1:]:
        standing = PAGE.read_text() if PAGE.exists() else ""
        raise SystemExit(None if standing == wanted else f"{PAGE.name} is out of date: run python -m docs.generate_settings")
    PAGE.write_text(wanted)


if __name__ == "__main__":
    main()
