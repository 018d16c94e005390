"""The web: pages, API, sockets."""
