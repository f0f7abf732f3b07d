"""The C libraries that do the work, through ctypes: each module knows one library, and nothing of the service.

Their functions let go of Python's global lock, so that synthesis and encoding run beside each other on two threads.
"""
