# SPDX-License-Identifier: GPL-2.0-only
"""The operations by name. Each is a function of the world, and says whether it has done anything."""

# By name: the function, and how often it is in a deck.
OPS = {}


def op(times=1):
    def register(function):
        OPS[function.__name__] = (function, times)
        return function
    return register


def deck():
    return [name for name, (_, times) in OPS.items() for _ in range(times)]


def run(name, world):
    return bool(OPS[name][0](world))
