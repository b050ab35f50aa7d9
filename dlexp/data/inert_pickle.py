"""Reads the plain data and the uint8 arrays in a pickle without running anything that it asks for.

A pickle is a small program, and Python's unpickler calls whatever function it names. Here a call is
only written down. That is enough for CIFAR-10's batches, whose one array is such a call to NumPy.
"""

import pickletools
from dataclasses import dataclass
from typing import Any

import numpy as np

RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")  # NumPy 1, 2
NEEDED = (*RECONSTRUCT, "numpy.ndarray", "numpy.dtype")  # all that an array names


class PickleError(Exception):
    """Not a whole pickle, or one with more in it than data. The message completes 'this file …'."""


@dataclass
class Function:
    """A function that the pickle names."""

    name: str


@dataclass
class Call:
    """A call that the pickle asks for, and the state that its result should be given. Nobody makes it."""

    function: str
    args: tuple
    state: Any


def parse_pickle(content: bytes) -> Any:
    """The value in a pickle of protocol 2, 3 or 4, with a `Call` wherever it asks for one.

    A str of Python 2 comes back as a str with one character (latin-1) for each of its bytes.
    """
    try:
        return _interpret(content)
    except PickleError:
        raise
    except Exception as error:  # damaged bytes make the parser and the stack fail in a dozen ways
        raise PickleError("is truncated or damaged") from error


def _interpret(content: bytes) -> Any:
    """The stack machine that `pickletools` describes, except that calling and naming leave a record."""
    stack: list[Any] = []
    outer: list[list[Any]] = []  # the stack under each mark
    memo: dict[int, Any] = {}
    for opcode, arg, _ in pickletools.genops(content):
        match opcode.name:
            case "BININT1" | "BININT2" | "BININT" | "SHORT_BINSTRING" | "BINSTRING":
                stack.append(arg)
            case "SHORT_BINUNICODE" | "BINUNICODE" | "SHORT_BINBYTES" | "BINBYTES":
                stack.append(arg)
            case "BINPUT" | "LONG_BINPUT":
                memo[arg] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[arg])
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE" as name:
                stack.append(name == "NEWTRUE")
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_TUPLE":
                stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3" as name:
                size = int(name[-1])
                stack[-size:] = [tuple(stack[-size:])]
            case "MARK":
                outer.append(stack)
                stack = []
            case "TUPLE":
                items, stack = stack, outer.pop()
                stack.append(tuple(items))
            case "APPENDS":
                items, stack = stack, outer.pop()
                stack[-1].extend(items)
            case "SETITEMS":
                items, stack = stack, outer.pop()
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case "APPEND":
                item = stack.pop()
                stack[-1].append(item)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                stack[-1][key] = value
            case "GLOBAL":
                stack.append(_named(*arg.split(" ")))
            case "STACK_GLOBAL":
                function, module = stack.pop(), stack.pop()
                stack.append(_named(module, function))
            case "REDUCE":
                args = stack.pop()
                stack[-1] = Call(stack[-1].name, args, state=None)
            case "BUILD":
                state = stack.pop()
                stack[-1].state = state
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                return stack.pop()
            case name:
                raise PickleError(f"uses the pickle opcode {name}, which no batch of images needs")


def _named(module: str, function: str) -> Function:
    name = module + "." + function
    if name not in NEEDED:
        raise PickleError(f"asks to run {name[:60]!r}, which no batch of images needs; nothing was run")
    return Function(name)


def array_of(call: Any) -> np.ndarray:
    """The uint8 array that a recorded call describes: row by row in memory, perhaps read-only."""
    try:
        _, shape, dtype, column_major, values = call.state  # in the order of ndarray.__reduce__
        if call.function not in RECONSTRUCT or dtype.function != "numpy.dtype" or dtype.args[0] != "u1":
            raise ValueError("not an array of unsigned bytes")
        values = values.encode("latin-1") if isinstance(values, str) else values
        array = np.frombuffer(values, dtype=np.uint8).reshape(shape, order="F" if column_major else "C")
        return np.ascontiguousarray(array)
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise PickleError("does not hold its images as an array of unsigned bytes") from error
