"""The command `euterpe`."""
