"""What the sandbox's twins of clouds have in common: the process, orders to fail, the URLs of the sandbox's own, certificates.

A twin of one cloud brings what its cloud answers; nothing here knows of any cloud.
"""
