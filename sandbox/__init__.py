"""The embedded sandbox: a real cluster, ACME authority and DNS server on loopback, for trying and testing Portico.

Nothing in `components/` knows of this package. `python -m sandbox --help` is its command line;
`sandbox.control.Sandbox` is the same from Python.
"""
