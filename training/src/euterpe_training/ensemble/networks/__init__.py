"""Networks of the ensemble model: three backbones behind one interface, inputs, and heads for an event's columns."""
