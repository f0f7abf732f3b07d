"""HTTP routes: parse, call, format."""
