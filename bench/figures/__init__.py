"""One file for each figure: `measure(effort)` gives its results."""
