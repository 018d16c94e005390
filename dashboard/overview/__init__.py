"""The page `/`: what runs now, what waits and why, what failed lately, and how the last hour or day went."""
