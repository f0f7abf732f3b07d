"""Groups of musical features of a window; `evaluation.window_features` lists and documents all of them."""
