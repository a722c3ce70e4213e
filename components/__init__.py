"""Portico: the front door of a Kubernetes cluster, as Pulumi components."""
