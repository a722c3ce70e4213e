"""Writes docs/annotations.md from the catalogue: `python -m docs.generate_annotations`; `--check` only compares."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from components.annotations import check
from components.annotations.catalogue import catalogue

PAGE = Path(__file__).with_name("annotations.md")

HEAD = """\
# Annotations

Kubernetes takes any annotation, and a controller reads only those it knows: a misspelt one does nothing, without a word. So
Portico knows the annotations of the controllers below, and checks those of a stack file before anything is created. This page is
generated from `components/annotations`; after a change there, run `.venv/bin/python -m docs.generate_annotations`.

- A key that nobody reads, under a prefix that is known or nearly so, is an error that names the key that was meant.
- A value of the wrong type, out of range or not among those allowed is an error. If several controllers read the key, it is right
  when one of them takes it.
- A key on the wrong kind of object, or one that a controller writes itself, is an error.
- Annotations that exclude, need or undo each other are errors; of those that do nothing as they stand, there is a warning.
- A deprecated key is a warning that says what to write instead. A controller that is retired is one warning.
- Other keys (`example.com/owner`, `app.kubernetes.io/name`) are nobody's business and pass.

## Letting a key through

The catalogue is of the versions below. A key that a newer controller reads, or one of a controller that is not listed, is let
through with all its values; `*` is any text:

<!-- additions to Pulumi.prod.yaml -->
```yaml
portico:allow_unknown_annotations:
  - alb.ingress.kubernetes.io/a-new-one
  - service.beta.kubernetes.io/acme-cloud-*
```

## What is said

The redirect stands beside listeners for HTTP on 80 and HTTPS on 443.
"""

#: Kind of object and its annotations, for the examples.
EXAMPLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "Ingress",
        {
            "alb.ingress.kubernetes.io/healthcheck-path/": "/up",
            "alb-ingress.kubernetes.io/target-type": "ip",
            "target-type": "ip",
            "alb.ingress.kubernetes.io/scheme": "public",
            "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
            "alb.ingress.kubernetes.io/ssl-redirect": "8443",
            "service.beta.kubernetes.io/aws-load-balancer-name": "shop",
            "kubernetes.io/ingress.class": "alb",
        },
    ),
    (
        "Service",
        {
            "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
            "service.beta.kubernetes.io/aws-load-balancer-eip-allocations": "eipalloc-0a1b2c3d",
        },
    ),
    ("Ingress", {"nginx.ingress.kubernetes.io/proxy-read-timeout": "60s"}),
)

CONTROLLERS = """\
## Whose annotations are known

Counted once for each kind of object that a key is read on.

| Controller | Name | Version | Keys |
| --- | --- | --- | --- |"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_examples(), CONTROLLERS, *_controllers(), ""])


def _examples() -> Iterator[str]:
    yield "| On | Annotation | What is said |\n| --- | --- | --- |"
    for kind, example in EXAMPLES:
        for finding in check(kind, example):
            yield f"| {kind} | `{finding.key}: {example[finding.key]}` | {finding.severity}: {finding.message} |"
    yield ""


def _controllers() -> Iterator[str]:
    counts = Counter(entry.controller.name for entry in catalogue())
    for name, controller in catalogue().controllers.items():
        retired = f" (retired since {controller.retired})" if controller.retired else ""
        yield f"| {controller.title}{retired} | `{name}` | {controller.version} | {counts[name]} |"
    yield f"| | | | {counts.total()} |"


def main() -> None:
    """Writes the page, or with --check says whether it is up to date."""
    wanted = page()
    if "--check" in sys.argv[1:]:
        standing = PAGE.read_text() if PAGE.exists() else ""
        raise SystemExit(None if standing == wanted else f"{PAGE.name} is out of date: run python -m docs.generate_annotations")
    PAGE.write_text(wanted)


if __name__ == "__main__":
    main()
