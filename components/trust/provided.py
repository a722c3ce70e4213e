"""A certificate of one's own, put where it is shown."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.names import inside, metadata
from components.places import Places
from components.settings.certificates import ProvidedCertificate as ProvidedSettings


class ProvidedCertificate(pulumi.ComponentResource):
    """Creates a Secret of type kubernetes.io/tls in each namespace.

    Its name carries its content (see `secret_name`), so a renewed certificate is another Secret: made first, shown, and then the
    old one goes. A Secret is not changed in place, because some load balancers would not notice.
    """

    def __init__(
        self,
        key: str,
        stack: str,
        own: ProvidedSettings,
        *,
        secret_name: str,
        namespaces: Sequence[str],
        places: Places,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portico:trust:ProvidedCertificate", key, None, opts)
        #: When it ends (RFC 3339).
        self.not_after = own.not_after
        self.secrets: list[pulumi.Resource] = [
            k8s.core.v1.Secret(
                f"{namespace}/{secret_name}",
                metadata=metadata(stack, secret_name, namespace),
                type="kubernetes.io/tls",
                string_data={"tls.crt": own.certificate, "tls.key": pulumi.Output.secret(own.key.get_secret_value())},
                opts=places.inside(inside(self, opts), namespace),
            )
            for namespace in namespaces
        ]
        self.register_outputs({"not_after": self.not_after})
