"""gRPC methods for peers: parse, call, format."""
