"""How fast Taskcast is, against floors and against what people use instead, measured in the same run."""
