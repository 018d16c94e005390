"""Who is known to the shop."""
