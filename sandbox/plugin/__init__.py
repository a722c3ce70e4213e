"""What every imitated provider of Pulumi has in common: the engine's protocol, checking, comparing, and a resource's life.

A provider of one cloud brings its resource types, its lookups and its configuration; `servicer.Plugin` says how.
"""
