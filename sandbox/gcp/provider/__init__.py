"""The provider of Pulumi's package `gcp`, as far as this project uses it: the same types, inputs, outputs and rules.

It stands in for the real one, which is written in Go and too large to build here. It calls Google Cloud through Google's own
Python client and knows of no twin: where the APIs are, the environment says.
"""

VERSION = "10.2.0"
"""Of the SDK `pulumi-gcp` whose calls it answers."""
