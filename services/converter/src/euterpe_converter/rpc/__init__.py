"""gRPC: parse, call, shape."""
