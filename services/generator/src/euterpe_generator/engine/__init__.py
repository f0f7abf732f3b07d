"""The inference engine: requests in, events of music out."""
