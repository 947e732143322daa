"""packed.py FOLDER: one pickle, which calls os.getpid, in every form that joblib packs by (with lz4 installed), in that of joblib before 0.9.3,
and cut or followed by more as its readers still take it. No file does harm when it is loaded."""
import gzip
import lzma
import os
import pickle
import random
import sys
import zlib

import joblib


class Called:
    def __reduce__(self):
        return (os.getpid, ())


folder = sys.argv[1]
raw = pickle.dumps(Called())


def write(name, content):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


for form in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
    joblib.dump(Called(), os.path.join(folder, f"{form}.joblib"), compress=(form, 3))
write("old.joblib", b"ZF" + hex(len(raw)).ljust(19).encode() + zlib.compress(raw))
# Its readers go on to a second stream, behind an empty one too.
write("zlib-second.joblib", zlib.compress(raw[:9]) + zlib.compress(raw[9:]))
write("xz-second.joblib", lzma.compress(b"") + lzma.compress(raw))
alone = [lzma.compress(part, format=lzma.FORMAT_ALONE) for part in (b"", raw)]
write("lzma-second.joblib", alone[0] + alone[1])
# Properties that are not the usual ones: by its name pandas takes it.
odd = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 0, "lp": 0, "pb": 0}]
write("lzma-odd.pkl.xz", lzma.compress(raw, format=lzma.FORMAT_ALONE, filters=odd))
# What breaks off behind the last opcode: readers stop before.
write("zlib-cut.joblib", zlib.compress(raw + bytes(range(256)) * 40)[:-6])
long = raw + random.Random(1).randbytes(24 << 10)
write("lzma-cut.joblib", lzma.compress(long, format=lzma.FORMAT_ALONE)[:-6])
write("xz-cut.joblib", lzma.compress(long)[:-30])
write("gzip-cut.joblib", gzip.compress(long, mtime=0)[:-9])
