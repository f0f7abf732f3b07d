"""What every Euterpe service shares; it knows no service."""
