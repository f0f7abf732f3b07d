"""Pure types and rules."""
