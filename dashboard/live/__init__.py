"""What is pushed to browsers: the websocket, its topics, and the hub that serves all sockets of a process."""
