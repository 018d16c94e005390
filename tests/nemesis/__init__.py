"""Faults over a running instance, and a checker of what its users were promised: ``make faults SECONDS=600 SEED=7``.

`instance` starts Redis, two workers and two web processes, of which one each reaches Redis through a proxy; `load`
launches jobs of every kind; `readers` follow them over sockets and write down what they are sent; `faults` breaks
things; `checker` compares what was acknowledged with the database and with every reader's transcript.
"""
