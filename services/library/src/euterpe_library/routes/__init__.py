"""HTTP: parse, call, shape."""
