"""Reports: HTML and Markdown pages, classification scores, and pictures."""
