"""The worker: claims generations, composes them and records the results."""
