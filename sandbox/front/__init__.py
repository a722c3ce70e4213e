"""What the imitated data planes of clouds have in common (sandbox only): what load balancers and DNS are to a visitor.

Each cloud's own package reads its twin and says who is to be answered how; here are the sockets, the pods, TLS and the zones.
"""
