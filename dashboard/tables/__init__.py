"""Many jobs at once from a table: how it is read, judged, and told what is wrong with it."""
