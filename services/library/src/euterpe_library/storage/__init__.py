"""Tables and the only place that queries them."""
