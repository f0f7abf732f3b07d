"""Pure types and rules; imports no other layer."""
