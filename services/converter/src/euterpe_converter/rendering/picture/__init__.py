"""Piano rolls as SVG and PNG. Drawn in the worker process that reads strangers' files."""
