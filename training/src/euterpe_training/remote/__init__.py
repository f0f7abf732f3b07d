"""Runs away from this machine: data from a bucket, checkpoints and candidates into it."""
