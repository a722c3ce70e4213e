"""The imitated data plane of AWS (sandbox only): what its load balancers and Route 53 are to a visitor.

It reads the twin as anybody with rights could, by AWS's own API: load balancers with their listeners and rules, hosted zones with
their records. Balancers answer on loopback addresses; names are answered by DNS.
"""
