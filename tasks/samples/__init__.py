"""The tasks that ship with Taskcast: arithmetic to try it out, a CSV profiler and a mailer that do real
work."""
