"""Imitations, used only in the sandbox: of what answers in pods, and of a cloud's load balancer.

Nothing runs in the sandbox's pods (KWOK only says that they are ready), and there is no cloud to bring
traffic in. The process `python -m sandbox.network` stands in for both, by what the real API server says.
"""
