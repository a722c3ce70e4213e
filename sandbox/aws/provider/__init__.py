"""The provider of Pulumi's package `aws`, as far as this project uses it: the same types, inputs, outputs and rules.

It stands in for the real one, which is written in Go and too large to build here. It calls AWS through boto3 and knows of
no twin: where AWS is, the environment says.
"""

VERSION = "7.51.1"
"""Of the SDK `pulumi-aws` whose calls it answers."""
