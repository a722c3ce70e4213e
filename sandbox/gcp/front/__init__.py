"""The imitated data plane of Google Cloud (sandbox only): what its load balancers and Cloud DNS are to a visitor.

It reads the twin as anybody with rights could, by Google's own API: forwarding rules with all that they lead to, zones with their
records. Load balancers answer at the addresses that the twin gave out; names are answered by DNS.
"""
