"""The sandbox's Google Cloud: its APIs on one address, over plain HTTP, with the truths that this project meets.

What may be asked and how is read from Google's own discovery documents, as the wheel google-api-python-client ships them.
"""
