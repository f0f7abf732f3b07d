"""Peers, as auth sees them."""
