"""Model bundles: loading, the catalogue and one adapter per kind of network."""
