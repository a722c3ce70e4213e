"""The authoritative DNS server: a real protocol implementation on dnspython, used only in the sandbox.

`store` keeps the zones, `answer` answers queries, `update` applies RFC 2136 updates, `tsig` proves who asks,
`server` speaks UDP and TCP. The process itself is `python -m sandbox.dns`.
"""
