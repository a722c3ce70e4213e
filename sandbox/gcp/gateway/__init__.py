"""An imitation of GKE's Gateway controller, which Google runs outside of clusters and nobody else can run (sandbox only).

What it makes goes through Google's API, so it is as the real one's load balancers are. What it accepts is what GKE says that it
does: its conformance reports (kubernetes-sigs/gateway-api: conformance/reports/*/gke-gateway), its CRDs
(GoogleCloudPlatform/gke-gateway-api) and the pages gatewayclass-capabilities, deploying-gateways and secure-gateway of
https://cloud.google.com/kubernetes-engine/docs/how-to. Its numbered errors are worded as people have met them; where none is
known the words are this imitation's own. It makes no firewall rules, and its groups of endpoints are its own, not those of GKE's
NEG controller.
"""
