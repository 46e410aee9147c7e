"""The gateway's decisions as pure functions: no socket, no file, no clock, no global state."""
