"""Composed music of any family compared with real music: `euterpe-train evaluate`."""
