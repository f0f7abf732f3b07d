"""Clients of the peers."""
