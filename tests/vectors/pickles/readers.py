#!/usr/bin/env python3
"""Mutates the pickles of this folder and tells which names Python's readers look up in each. Nothing is imported, nothing called.

Usage: readers.py SEED COUNT. Each line: the pickle in hexadecimal, then names, module and attribute in hexadecimal with a dot between.
"""

import io
import pathlib
import pickle
import random
import resource
import sys

random.seed(int(sys.argv[1]))
HERE = pathlib.Path(__file__).parent
CORPUS = [path.read_bytes() for path in sorted(HERE.glob("*.pickle")) if path.stat().st_size < 5000]
OPCODES = b"(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu}])BCG" + bytes(range(0x80, 0x99))
PIECES = [
    b"cos\ngetpid\n", b"ccollections\nOrderedDict\n", b")R", b"h\0", b"q\0", b"\x94", b"\x8c\x02os", b"\x8c\x06getpid", b"\x8c\x0bcollections",
    b"\x8c\x0bOrderedDict", b"\x93", b"2", b"0", b"(", b"1", b"}", b"b", b".", b"N", b"K\x01", b"\x85", b"\x80\x04", b"h\x01", b"q\x01", b"t",
    b"o", b"\x81", b"\x92", b"j\0\0\0\0", b"U\x02os", b"S'os'\n", b"Vos\n", b"g0\n", b"p0\n", b"\x95\x05\0\0\0\0\0\0\0", b"X\x02\0\0\0os",
    b"ios\ngetpid\n", b"T\x02\0\0\0os", b"\x8b\x01\0\0\0\x01", b"I01\n", b"F1\n", b"L1L\n", b"C\x01a", b"B\x01\0\0\0a", b"Q", b"\x8f", b"\x90",
    b"\x91", b"a", b"e", b"s", b"u", b"d", b"l", b"]",
]


def mutated():
    if random.random() < 0.4:
        return b"".join(random.choice(PIECES) for _ in range(random.randint(2, 20))) + b"."
    content = bytearray(random.choice(CORPUS))
    for _ in range(random.randint(1, 4)):
        at, kind = random.randrange(len(content) + 1), random.randrange(6)
        other = random.choice(CORPUS)
        if kind == 0 and at < len(content):
            content[at] = random.choice(OPCODES)
        elif kind == 1:
            content[at:at] = random.choice(PIECES)
        elif kind == 2:
            del content[at : at + random.randint(1, 6)]
        elif kind == 3:
            content[at:] = other[random.randrange(len(other)) :]
        elif kind == 4 and at < len(content):
            content[at] ^= 1 << random.randrange(8)
        else:
            content[at:at] = other[: random.randint(1, 30)]
    return bytes(content)


class Stub:
    """Takes whatever is done with it."""

    def __init__(self, *_, **__):
        pass

    def __call__(self, *_, **__):
        return Stub()

    def __setitem__(self, *_):
        pass

    __setstate__ = append = extend = add = __init__


def names(content):
    found = set()
    for base in (pickle.Unpickler, pickle._Unpickler):
        class Reader(base):
            def find_class(self, module, attribute):
                found.add((module, attribute))
                return Stub

            def persistent_load(self, identity):
                return Stub()

        for again in (lambda stream, reader: reader, lambda stream, _: Reader(stream)):
            stream = io.BytesIO(content)
            reader = Reader(stream)
            try:
                for _ in range(6):
                    reader = again(stream, reader)
                    reader.load()
            except BaseException:
                pass
    return found


def main():
    # The reader in C sets aside a memo as long as the pickle says.
    resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
    encoded = lambda text: text.encode("utf-8", "surrogatepass").hex()
    for _ in range(int(sys.argv[2])):
        content = mutated()
        print(content.hex(), *sorted(f"{encoded(module)}.{encoded(attribute)}" for module, attribute in names(content)))


if __name__ == "__main__":
    main()
