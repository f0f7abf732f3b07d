"""Code shared by all Euterpe services; it depends on none of them."""
