"""The critic of an ensemble network: tells composed music from real music, to select the best of several candidates."""
