"""Bindings of C libraries through ctypes, one module per library, independent of the service.

Calls release Python's global interpreter lock, so synthesis and encoding run in parallel on two threads.
"""
