"""gRPC for peers: parse, call, shape."""
