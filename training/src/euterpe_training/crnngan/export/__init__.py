"""From trained weights to a released bundle."""
