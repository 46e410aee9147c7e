"""The gateway process: what talks to callers, the runtimes, the log and the monitor."""
