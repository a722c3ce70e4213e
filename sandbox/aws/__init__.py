"""The sandbox's AWS: a twin that behaves towards AWS's own clients as AWS does, as far as the project relies on it.

`server` is the process (moto behind the truths that moto does not keep), `client` is for who calls it from the sandbox or from
tests, `provider` is the Pulumi provider plugin, `front` the imitated data plane. Nothing outside the sandbox knows of it.
"""
