"""Streams of encoders that nothing here makes: vectors of a few KiB, or files to measure with.

    python others.py vectors FOLDER              what src/recode/encoder/corrected/tests.rs reads
    python others.py zips FOLDER FILE...         the members of wheels, or files, in one zip for each encoder and level

pip install deflate zlib-ng zopfli isal; and Node, Java and 7za in PATH, each of which is left out where it is not there.
"""
import json, os, shutil, struct, subprocess, sys, tempfile, zipfile, zlib

import deflate
from isal import isal_zlib
from zlib_ng import zlib_ng
from zopfli import zlib as zopfli

NODE = """
const z = require('zlib'), fs = require('fs'), all = fs.readFileSync(0), out = fs.openSync(process.argv[2], 'w');
for (let at = 0; at < all.length;) {
    const length = all.readUInt32LE(at), made = z.deflateRawSync(all.subarray(at + 4, at + 4 + length), JSON.parse(process.argv[1]));
    const head = Buffer.alloc(4); head.writeUInt32LE(made.length); fs.writeSync(out, Buffer.concat([head, made])); at += 4 + length;
}
"""


def one(module, level, memory=8, strategy=0):
    def make(plain):
        running = module.compressobj(level, 8, -15, memory, strategy)
        return running.compress(plain) + running.flush()
    return lambda all: [make(plain) for plain in all]


def node(**options):
    def make(all):
        with tempfile.TemporaryDirectory() as folder:
            out = f"{folder}/out"
            given = b"".join(struct.pack("<I", len(plain)) + plain for plain in all)
            subprocess.run(["node", "-e", NODE, json.dumps(options), out], input=given, check=True)
            made, at, streams = open(out, "rb").read(), 0, []
        while at < len(made):
            (length,) = struct.unpack_from("<I", made, at)
            streams.append(made[at + 4:at + 4 + length])
            at += 4 + length
        return streams
    return make


def of_zip(path):
    """The streams of a zip, in the order of the names."""
    whole, streams = open(path, "rb").read(), []
    for member in sorted(zipfile.ZipFile(path).infolist(), key=lambda member: member.filename):
        name, extra = struct.unpack_from("<HH", whole, member.header_offset + 26)
        at = member.header_offset + 30 + name + extra
        streams.append(whole[at:at + member.compress_size] if member.compress_type == 8 else None)
    return streams


def archiver(*command):
    def make(all):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/in")
            for number, plain in enumerate(all):
                open(f"{folder}/in/{number:06}", "wb").write(plain)
            subprocess.run([*command, "../out.zip", "."], cwd=f"{folder}/in", check=True, stdout=subprocess.DEVNULL)
            made = zipfile.ZipFile(f"{folder}/out.zip")
            streams = [stream for stream, member in zip(of_zip(f"{folder}/out.zip"), sorted(m.filename for m in made.infolist())) if not member.endswith("/")]
        return streams
    return make


ENCODERS = {f"zlib-ng-{level}": one(zlib_ng, level) for level in range(1, 10)}
ENCODERS |= {f"isal-{level}": one(isal_zlib, level) for level in range(4)}
ENCODERS |= {f"libdeflate-{level}": lambda all, level=level: [bytes(deflate.deflate_compress(plain, level)) for plain in all] for level in range(1, 13)}
ENCODERS |= {"zopfli": lambda all: [zopfli.compress(plain)[2:-4] for plain in all], "zlib-0": one(zlib, 0)}
if shutil.which("node"):
    ENCODERS |= {f"node-{level}": node(level=level) for level in range(1, 10)}
    ENCODERS |= {"node-6-memory-9": node(level=6, memLevel=9), "node-6-filtered": node(level=6, strategy=1)}
if shutil.which("7za"):
    ENCODERS |= {f"7zip-{level}": archiver("7za", "a", "-tzip", f"-mx={level}", "-mm=Deflate") for level in (1, 5, 9)}
VECTORS = ["zlib-ng-1", "zlib-ng-6", "zlib-ng-9", "isal-1", "libdeflate-1", "libdeflate-6", "libdeflate-9", "libdeflate-12", "zopfli", "7zip-5", "node-1", "node-6",
           "node-9"]


def sample():
    """Text, and records of a few fields."""
    text = open(os.path.join(os.path.dirname(__file__), "../../../NOTICE.md"), "rb").read()[:5000]
    return text + b"".join(struct.pack("<IHH", 0x400000 + number * 24, number % 7, number * number % 251) for number in range(300))


def plains(paths):
    for path in paths:
        if zipfile.is_zipfile(path):
            archive = zipfile.ZipFile(path)
            yield from (archive.read(name) for name in archive.namelist())
        else:
            yield open(path, "rb").read()


def put(path, plain, streams):
    """A zip of these streams."""
    with open(path, "wb") as out:
        directory = b""
        for number, (bytes, stream) in enumerate(zip(plain, streams)):
            name, at = f"{number:06}".encode(), out.tell()
            common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, zlib.crc32(bytes), len(stream), len(bytes), len(name), 0)
            out.write(b"PK\3\4" + common + name + stream)
            directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + name
        at, count = out.tell(), len(plain)
        out.write(directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), at, 0))


what, folder, *paths = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
if what == "vectors":
    for name in VECTORS:
        if name in ENCODERS:
            open(f"{folder}/{name}", "wb").write(ENCODERS[name]([sample()])[0])
else:
    plain = [bytes for bytes in plains(paths) if len(bytes) > 300]
    for name, make in ENCODERS.items():
        streams = make(plain)
        kept = [(bytes, stream) for bytes, stream in zip(plain, streams) if stream]
        put(f"{folder}/{name}.zip", *zip(*kept))
        print(name, sum(len(bytes) for bytes, _ in kept), sum(len(stream) for _, stream in kept))
