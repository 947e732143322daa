"""Prints the vectors of src/recode/encoder/zstd_tests.rs: what libzstd makes, by python-zstandard, of the corpora of src/recode/corpora.rs."""
import hashlib

import zstandard


class Random:
    def __init__(self, seed):
        self.state = seed

    def next(self, below):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % below

    def bytes(self, length):
        return bytes(self.next(256) for _ in range(length))


def text(length):
    random, words, out = Random(1), [], bytearray()
    for _ in range(700):
        words.append(bytes(97 + random.next(26) for _ in range(random.next(9) + 1)))
    while len(out) < length:
        out += words[random.next(random.next(700) + 1)]
        out += b"\n" if random.next(12) == 0 else b" "
    return bytes(out[:length])


def binary(length):
    random, out, counter = Random(2), bytearray(), 0
    while len(out) < length:
        counter += random.next(3) * 8
        out += counter.to_bytes(4, "little")
        out += bytes([0x48, 0x8B, random.next(8) * 9])
        out += (random.next(40) * 16).to_bytes(2, "little")
        if random.next(5) == 0:
            out += bytes(random.next(40))
    return bytes(out[:length])


def runs(length):
    random, out = Random(3), bytearray()
    while len(out) < length:
        byte, times = random.next(3), random.next(600)
        out += bytes([byte]) * times
    return bytes(out[:length])


def mixed():
    random, out = Random(4), bytearray(text(50_000))
    out += random.bytes(70_000)
    out += bytes(40_000) + text(33_000) + b"abcdefghij" * 4_000 + binary(60_000)
    return bytes(out) + bytes(97 + random.next(4) for _ in range(40_000))


ALL = b"".join([
    b"x", b"aaa", text(120_000), binary(140_000), runs(110_000), Random(5).bytes(80_000), text(32_768), binary(65_536),
    text(65_274 + 261), bytes(200_000), mixed(),
])
CASES = [(level, 0, flags, 1) for level in (-5, 1, 2, 3, 4, 5, 6, 7, 9, 12, 15, 16, 18, 19) for flags in (0, 3)]
CASES += [(level, 0, flags, 6) for level in (1, 2, 3) for flags in (4, 7)]
CASES += [(level, 0, flags, 1) for level in (16, 19) for flags in (4, 6)]
CASES += [(level, 0, 10, 1) for level in (1, 3, 9, 19)] + [(22, 0, 2, 1), (3, 17, 0, 1), (19, 20, 1, 1)]

assert zstandard.ZSTD_VERSION == (1, 5, 7), zstandard.ZSTD_VERSION
for level, window, flags, times in CASES:
    checksum, sized, feed = flags & 1, flags & 2, flags >> 2
    said = {"level": level, "threads": 1 if feed == 1 else 0, "write_checksum": bool(checksum)}
    if window:
        parameters = zstandard.ZstdCompressionParameters(compression_level=level, window_log=window, write_checksum=bool(checksum))
        compressor = zstandard.ZstdCompressor(compression_params=parameters)
    else:
        compressor = zstandard.ZstdCompressor(**said)
    plain = ALL * times
    if feed == 2:
        frame = compressor.compress(plain)
    else:
        running = compressor.compressobj(size=len(plain) if sized else -1)
        frame = b"".join(running.compress(plain[at:at + 65536]) for at in range(0, len(plain), 65536)) + running.flush()
    code = f"20{level % 256:02x}{window:02x}{flags:02x}"
    print(f'    ("{code}", {times}, "{hashlib.sha256(frame).hexdigest()}"),')
