"""Piano rolls as SVG and PNG; drawn in the worker process that reads untrusted files."""
