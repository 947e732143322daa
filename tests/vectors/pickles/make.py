#!/usr/bin/env python3
"""Makes the pickles of this folder and the table in README.md. Nothing of them is run, and if they were, they would do no harm."""

import pathlib
import pickle
import struct

HERE = pathlib.Path(__file__).parent
CASES = []


def case(name, verdict, what, *parts):
    """A file, what is to be said of it, and what it does."""
    CASES.append((name, verdict, what, b"".join(parts)))


def text(value):
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def glob(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def by_stack(module, name):
    return text(module) + text(name) + b"\x93"


def proto(number):
    return b"\x80" + bytes([number])


def called(module, name, *arguments):
    """A call by GLOBAL and REDUCE."""
    return proto(2) + glob(module, name) + b"(" + b"".join(text(a) if isinstance(a, str) else a for a in arguments) + b"tR."


BENIGN = pickle.dumps({"a": [1, 2, 3], "b": "text"}, 2)
GETPID = glob("os", "getpid")
D, U, N = "dangerous", "unlisted", "undetermined"

# --- every opcode that leads to something that can be called
case("global-reduce", D, "os.getpid by GLOBAL, REDUCE", proto(2), GETPID, b")R.")
case("global-protocol-0", D, "the same in protocol 0, which has no mark of its own", b"cos\ngetpid\n(tR.")
case("stack-global", D, "posix.getpid by STACK_GLOBAL", proto(4), by_stack("posix", "getpid"), b")R.")
case("stack-global-memo", D, "module and name come from the memo", proto(4), text("getpid"), b"\x94", text("posix"), b"\x940", b"0h\x01h\x00\x93)R.")
case("stack-global-put", D, "the same by BINPUT far up in the memo", proto(4), text("posix"), b"r\x90\xd0\x03\x000", text("getpid"), b"q\x070j\x90\xd0\x03\x00h\x07\x93)R.")
case("stack-global-dup", D, "one text twice, by DUP: code.code", proto(4), text("code"), b"2\x93.")
case("stack-global-overwritten", D, "an entry of the memo is written twice; the second counts", proto(4), text("collections"), b"q\x000", text("os"), b"q\x000h\x00", text("getpid"), b"\x93)R.")
case("stack-global-popped", D, "texts between are thrown away by POP and POP_MARK", proto(4), text("posix"), text("x"), b"0(", text("y"), text("z"), b"1", text("getpid"), b"\x93)R.")
case("stack-global-bytes-8", D, "the name by BINUNICODE8", proto(4), b"\x8d", struct.pack("<Q", 5), b"posix", b"\x8d", struct.pack("<Q", 6), b"getpid", b"\x93)R.")
case("stack-global-binstring", D, "the name by SHORT_BINSTRING", proto(4), b"U\x05posixU\x06getpid\x93)R.")
case("stack-global-string", D, "the name by STRING in quotes", proto(4), b"S'posix'\nS\"getpid\"\n\x93)R.")
case("stack-global-escaped", N, "the name by STRING with escapes", proto(4), b"S'p\\x6fsix'\nS'getpid'\n\x93)R.")
case("stack-global-unicode-escaped", N, "the name by UNICODE with escapes", proto(4), b"Vp\\u006fsix\nVgetpid\n\x93)R.")
case("stack-global-long", N, "a name of 300 letters, which is not kept", proto(4), b"X", struct.pack("<I", 300), b"a" * 300, text("b"), b"\x93)R.")
case("stack-global-not-text", N, "what is no text stands for a name", proto(4), text("posix"), b"C\x06getpid\x93)R.")
case("stack-global-dotted", D, "an attribute of an attribute of what is listed", proto(4), by_stack("collections", "OrderedDict.fromkeys.__class__"), b".")
case("global-dotted-protocol-4", D, "GLOBAL with dots", proto(4), glob("collections", "abc.sys.modules"), b".")
case("inst", D, "os.getpid by INST", b"(ios\ngetpid\n.")
case("inst-arguments", D, "os.getenv by INST with arguments", b"(S'HOME'\nios\ngetenv\n.")
case("obj", D, "os.getpid by OBJ", b"(", GETPID, b"o.")
case("obj-memo", D, "OBJ with a class from the memo", GETPID, b"q\x000(h\x00o.")
case("newobj", D, "subprocess.Popen by NEWOBJ, without anything to run", proto(2), glob("subprocess", "Popen"), b")\x81.")
case("newobj-ex", D, "the same by NEWOBJ_EX", proto(4), by_stack("subprocess", "Popen"), b")}\x92.")
case("build-setstate", D, "an object is given os.getpid as its __setstate__, which the second BUILD calls", proto(2), glob("collections", "OrderedDict"), b")R}U\x0c__setstate__", GETPID, b"sbNb.")
case("build-on-class", N, "BUILD changes a class instead of an object", proto(2), glob("collections", "OrderedDict"), b"N}U\x0bfromkeys_no", b"K\x01s\x86b.")
case("build-slots", D, "an attribute by the second half of a state", proto(2), glob("collections", "OrderedDict"), b")RN}U\x08callback", GETPID, b"s\x86b.")
case("imported-only", D, "it is imported and never called", proto(2), GETPID, b".")
case("imported-and-dropped", D, "it is imported, thrown away, and data is left", proto(2), GETPID, b"0N.")
case("within-data", D, "a call deep within lists", proto(2), b"](]](", GETPID, b")Ree.")
case("as-key", D, "a call gives the key of a dictionary", proto(2), b"}", GETPID, b")RNs.")
case("in-frozenset", D, "a call within a frozen set", proto(4), b"(", by_stack("posix", "getpid"), b")R\x91.")
case("extension-1", N, "EXT1: a code that the host may have registered", proto(2), b"\x82\x01)R.")
case("extension-2", N, "EXT2", proto(2), b"\x83\x00\x01)R.")
case("extension-4", N, "EXT4", proto(2), b"\x84\x01\x00\x00\x00)R.")
case("persistent-line", N, "PERSID", b"Pos.getpid\n.")
case("persistent", N, "BINPERSID of a text", proto(2), text("os.getpid"), b"Q.")
case("persistent-called", N, "what a persistent identity gives is called", proto(2), b"(", text("storage"), glob("torch", "FloatStorage"), text("0"), text("cpu"), b"K\x01tQ)R.")

# --- the same under other names
case("names-of-python-2", D, "__builtin__.eval, which Python 3 takes for builtins.eval", b"c__builtin__\neval\n(S'1'\ntR.")
case("eval", D, "builtins.eval of a number", called("builtins", "eval", "1"))
case("exec", D, "builtins.exec of nothing", called("builtins", "exec", "pass"))
case("compile", D, "builtins.compile", called("builtins", "compile", "1", "x", "eval"))
case("import", D, "builtins.__import__", called("builtins", "__import__", "math"))
case("getattr-chain", D, "builtins.getattr of what was imported", proto(2), glob("builtins", "getattr"), b"(", glob("math", "pi"), text("real"), b"tR.")
case("setattr", D, "builtins.setattr", proto(2), glob("builtins", "setattr"), b".")
case("type", D, "builtins.type makes a class", called("builtins", "type", b"K\x01"))
case("map", D, "builtins.map calls what it is given", proto(2), glob("builtins", "list"), b"(", glob("builtins", "map"), b"(", glob("math", "sqrt"), b"](K\x04etRtR.")
case("open", D, "builtins.open of what is there", called("builtins", "open", "/dev/null"))
case("io-open", D, "io.open", called("io", "open", "/dev/null"))
case("io-fileio", D, "_io.FileIO", called("_io", "FileIO", "/dev/null"))
case("partial", D, "functools.partial", proto(2), glob("functools", "partial"), b"(", glob("math", "sqrt"), b"K\x04tR)R.")
case("reduce-function", D, "functools.reduce", proto(2), glob("functools", "reduce"), b"(", glob("math", "gcd"), b"](K\x04K\x06etR.")
case("attrgetter", D, "operator.attrgetter", called("operator", "attrgetter", "real"))
case("methodcaller", D, "operator.methodcaller", called("operator", "methodcaller", "upper"))
case("itemgetter", D, "_operator.itemgetter", called("_operator", "itemgetter", b"K\x00"))
case("starmap", D, "itertools.starmap", proto(2), glob("itertools", "starmap"), b"(", glob("math", "sqrt"), b"]tR.")
case("runpy", D, "runpy.run_module of this", called("runpy", "run_module", "this"))
case("bdb-run", D, "bdb.Bdb is made, whose run evaluates", proto(2), glob("bdb", "Bdb"), b")R.")
case("pdb-run", D, "pdb.run", called("pdb", "run", "pass"))
case("code-interpreter", D, "code.InteractiveInterpreter", proto(2), glob("code", "InteractiveInterpreter"), b")R.")
case("codeop", D, "codeop.compile_command", called("codeop", "compile_command", "1"))
case("pip-main", D, "pip.main shows its version", proto(2), glob("pip", "main"), b"(](", text("--version"), b"etR.")
case("pip-internal", D, "pip._internal.main", proto(2), glob("pip._internal", "main"), b"(](", text("--version"), b"etR.")
case("asyncio", D, "asyncio.unix_events, whose process class runs commands", proto(2), glob("asyncio.unix_events", "_UnixSubprocessTransport._start"), b".")
case("asyncio-policy", D, "asyncio.get_event_loop_policy", called("asyncio", "get_event_loop_policy"))
case("torch-load", D, "torch.load is named", proto(2), glob("torch", "load"), b".")
case("torch-storage", D, "torch.storage._load_from_bytes of a pickle within", called("torch.storage", "_load_from_bytes", b"C" + bytes([len(BENIGN)]) + BENIGN))
case("torch-hub", D, "torch.hub.get_dir", called("torch.hub", "get_dir"))
case("torch-jit", D, "torch.jit.unsupported_tensor_ops.execWrapper", called("torch.jit.unsupported_tensor_ops", "execWrapper", "pass", b"}", b"}"))
case("torch-import", D, "torch._utils._import_dotted_name", called("torch._utils", "_import_dotted_name", "math.pi"))
case("torch-dynamo", D, "torch._dynamo.guards.GuardBuilder.get", proto(4), by_stack("torch._dynamo.guards", "GuardBuilder.get"), b".")
case("torch-collect-env", D, "torch.utils.collect_env.run", called("torch.utils.collect_env", "run", "true"))
case("torch-bottleneck", D, "torch.utils.bottleneck.__main__.run_cprofile", proto(2), glob("torch.utils.bottleneck.__main__", "run_cprofile"), b".")
case("numpy-runstring", D, "numpy.testing._private.utils.runstring", called("numpy.testing._private.utils", "runstring", "pass", b"}"))
case("numpy-load", D, "numpy.load is named", proto(2), glob("numpy", "load"), b".")
case("numpy-f2py", D, "numpy.f2py.crackfortran.getlincoef evaluates", called("numpy.f2py.crackfortran", "getlincoef", "1", b"}"))
case("joblib-load", D, "joblib.load is named", proto(2), glob("joblib", "load"), b".")
case("pandas-read-pickle", D, "pandas.read_pickle is named", proto(2), glob("pandas", "read_pickle"), b".")
case("pickle-loads", D, "pickle.loads of a pickle within", called("pickle", "loads", b"C" + bytes([len(BENIGN)]) + BENIGN))
case("pickle-loads-c", D, "_pickle.loads", called("_pickle", "loads", b"C" + bytes([len(BENIGN)]) + BENIGN))
case("marshal", D, "marshal.loads", called("marshal", "loads", b"C\x01N"))
case("types-function", D, "types.FunctionType", proto(2), glob("types", "FunctionType"), b".")
case("timeit", D, "timeit.timeit of pass", called("timeit", "timeit", "pass"))
case("profile", D, "cProfile.run of pass", called("cProfile", "run", "pass"))
case("trace", D, "trace.Trace.run is named", proto(4), by_stack("trace", "Trace.run"), b".")
case("doctest", D, "doctest.debug_script of nothing", proto(2), glob("doctest", "debug_script"), b".")
case("pty", D, "pty.spawn is named", proto(2), glob("pty", "spawn"), b".")
case("ctypes", D, "ctypes.sizeof", proto(2), glob("ctypes", "sizeof"), b"(", glob("ctypes", "c_int"), b"tR.")
case("socket", D, "socket.gethostname", called("socket", "gethostname"))
case("urllib", D, "urllib.request.urlopen is named", proto(2), glob("urllib.request", "urlopen"), b".")
case("webbrowser", D, "webbrowser.open is named", proto(2), glob("webbrowser", "open"), b".")
case("importlib", D, "importlib.import_module of math", called("importlib", "import_module", "math"))
case("pydoc", D, "pydoc.locate of math.pi", called("pydoc", "locate", "math.pi"))
case("pydoc-pipe", D, "pydoc.pipepager is named", proto(2), glob("pydoc", "pipepager"), b".")
case("pkgutil", D, "pkgutil.resolve_name of math:pi", called("pkgutil", "resolve_name", "math:pi"))
case("logging-config", D, "logging.config.valid_ident", called("logging.config", "valid_ident", "a"))
case("sqlite", D, "sqlite3.connect in memory", called("sqlite3", "connect", ":memory:"))
case("distutils", D, "distutils.file_util.write_file is named", proto(2), glob("distutils.file_util", "write_file"), b".")
case("idlelib", D, "idlelib.run.Executive is named", proto(2), glob("idlelib.run", "Executive"), b".")
case("lib2to3", D, "lib2to3.pgen2.grammar.Grammar.loads is named", proto(4), by_stack("lib2to3.pgen2.grammar", "Grammar.loads"), b".")
case("ensurepip", D, "ensurepip._run_pip is named", proto(2), glob("ensurepip", "_run_pip"), b".")
case("cgitb", D, "cgitb.lookup is named", proto(2), glob("cgitb", "lookup"), b".")
case("uuid-command", U, "uuid._get_command_stdout, which runs a command", called("uuid", "_get_command_stdout", "true"))
case("imaplib", D, "imaplib.IMAP4_stream is named", proto(2), glob("imaplib", "IMAP4_stream"), b".")
case("main-module", D, "what the program that loads it has defined", proto(2), glob("__main__", "main"), b".")
case("novel", U, "a name that no list knows", called("acme_models.loading", "restore", "x"))
case("novel-sub", U, "a function of a module of which others are listed", called("collections", "recordclass", "x"))
case("statistics", U, "statistics.NormalDist: harmless, and on no list", proto(2), glob("statistics", "NormalDist"), b")R.")
case("ssl-through-torch", U, "torch.fx.graph_module._forward_from_src is named", proto(2), glob("torch.fx.graph_module", "_forward_from_src"), b".")
case("letters-of-another-script", U, "a module whose name looks like os", proto(4), by_stack("\u03bfs", "getpid"), b")R.")
case("full-width", U, "a module whose name is os in full-width letters", proto(4), by_stack("\uff4f\uff53", "getpid"), b")R.")
case("codec", N, "_codecs.encode by a codec that is not latin1", called("_codecs", "encode", "a", "rot13"))
case("codec-variable", N, "_codecs.encode with arguments that cannot be followed", proto(2), glob("_codecs", "encode"), b"](", text("a"), text("rot13"), b"eR.")

# --- what is wrong around it
case("second-pickle", D, "a call in the second pickle of a file", BENIGN, proto(2), GETPID, b")R.")
case("third-pickle", D, "a call in the third", BENIGN, BENIGN, b"cos\ngetpid\n(tR.")
case("kept-memo", D, "the second pickle takes a name from the memo of the first, which a reader may keep", proto(4), text("posix"), b"\x94.", proto(4), text("collections"), b"\x940h\x00", text("getpid"), b"\x93)R.")
case("broken-after", D, "damaged behind the call", proto(2), GETPID, b")R\xff\xff\xff")
case("cut-after", D, "cut behind the call", proto(2), GETPID, b")R")
case("empty-stack-after", D, "it takes from an empty stack behind the call", proto(2), GETPID, b")R000.")
case("garbage-before-stop", D, "a list is filled that is none, behind the call", proto(2), GETPID, b")RK\x01a.")
case("unknown-opcode", N, "a byte that is no opcode", proto(2), b"K\x01\xf0.")
case("protocol-6", N, "a protocol that there is not", proto(6), b"K\x01.")
case("cut", N, "cut within a number", proto(2), b"J\x01")
case("no-stop", N, "no STOP", proto(2), b"K\x01")
case("long-length", N, "a length beyond the end", proto(4), b"\x8e", struct.pack("<Q", 1 << 62))
case("trailing", N, "bytes behind STOP that are none of a pickle", BENIGN, b"\x00\x01\x02\x03")
case("trailing-opcode", N, "a beginning of a pickle behind STOP", BENIGN, proto(2))
case("memo-missing", N, "an entry of the memo that is not there", proto(2), b"h\x05.")
case("memo-far", N, "an entry of the memo beyond what is followed", proto(2), b"Nr\xff\xff\xff\xff.")
case("deep-tuples", "data", "tuples in tuples, ten thousand deep", proto(2), b"N", b"\x85" * 10000, b".")
case("many-marks", N, "a hundred thousand marks", b"(" * 100000, b".")
case("frame-lies", N, "a frame that ends within an opcode: one reader raises, another drops the rest of the frame", proto(4), b"\x95", struct.pack("<Q", 3), by_stack("posix", "getpid"), b")R.")
case("frame-hides", N, "the reader in C drops what is left of the frame, and reads os for collections.os", proto(4), b"\x95", struct.pack("<Q", 13), b"ccollections.", b"os\ngetpid\n)R.")
case("frame-in-frame", N, "a frame begins within a frame", proto(4), b"\x95", struct.pack("<Q", 12), b"N0N0\x95", struct.pack("<Q", 2), b"N.")
case("frame-behind-stop", N, "a frame goes on behind STOP: where the next pickle begins differs", proto(4), b"\x95", struct.pack("<Q", 4), b"N.N.")
case("array-wrapper-plain", D, "bytes of an array for joblib that are opcodes for others: os.getpid", proto(3), glob("joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81}(", text("dtype"), glob("numpy", "dtype"), text("u1"), b"\x88\x89\x87R", text("shape"), b"K\x0f\x85ub", b"cos\ngetpid\n)R0N.")
case("array-wrapper-hidden", D, "the other way about: what joblib reads as opcodes lies in a text for others", proto(3), glob("joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81}(", text("dtype"), glob("numpy", "dtype"), text("u1"), b"\x88\x89\x87R", text("shape"), b"K\x02\x85ub", b"U\x10", b"cos\ngetpid\n)R0", b"N.")
def wrapper(alignment, shape, behind):
    """joblib's stand-in for an array of bytes."""
    return (proto(3) + glob("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}(" + text("dtype") + glob("numpy", "dtype") + text("u1") + b"\x88\x89\x87R"
            + text("shape") + shape + text("numpy_array_alignment_bytes") + alignment + b"ub" + behind)


OCTETS = text("dtype") + glob("numpy", "dtype") + text("u1") + b"\x88\x89\x87R" + text("shape")
HIDDEN = b"\x01\x00U\x0ecos\ngetpid\n)R0N."
case("array-wrapper-padded-true", N, "True for the alignment, to joblib as good as a number: it passes over two bytes more and runs what is in a text for others", wrapper(b"\x88", b"K\x02\x85", HIDDEN))
case("array-wrapper-padded-list", N, "the same by a list", wrapper(b"]", b"K\x02\x85", HIDDEN))
case("array-wrapper-padded-float", N, "the same by a float", wrapper(b"G" + struct.pack(">d", 0.0), b"K\x02\x85", HIDDEN))
case("array-wrapper-unpadded", "allowed", "None for the alignment: no byte of padding, as if it were not there", wrapper(b"N", b"K\x02\x85", b"\x01\x00N."))
case("array-wrapper-rewritten", D, "bytes of an array are opcodes for others, which give the next array another length; joblib keeps to the old one",
     proto(3), glob("joblib.numpy_pickle", "NumpyArrayWrapper"), b"q\x000}q\x01(", OCTETS, b"K\x02\x85u0",
     b"h\x00)\x81}(", OCTETS, b"K\x0e\x85ub", b"h\x01", text("shape"), b"K\x10\x85s.", b"0",
     b"h\x00)\x81h\x01b", b"..", b"cos\ngetpid\n)R0", b"N.")
case("array-wrapper-called", N, "the stand-in of an array is made in another way than joblib's", proto(3), glob("copyreg", "_reconstructor"), b"(", glob("joblib.numpy_pickle", "NumpyArrayWrapper"), glob("builtins", "object"), b"NtR}b.")

# --- benign
case("benign-data", "data", "a dictionary, protocol 2", BENIGN)
for number in range(6):
    case(f"benign-protocol-{number}", "data", f"numbers, texts, lists, protocol {number}", pickle.dumps([1, -1, 1 << 70, 1.5, "ä", None, True, (1, 2), {"k": [b"x"] if number > 2 else 0}], number))
case("benign-two", "data", "two pickles one behind the other", BENIGN, BENIGN)
import collections, datetime, decimal, uuid  # noqa: E401,E402
case("benign-ordered", "allowed", "an ordered dictionary", pickle.dumps(collections.OrderedDict(a=1), 2))
case("benign-bytes-protocol-2", "allowed", "bytes, which protocol 2 writes by _codecs.encode", pickle.dumps(b"\xff", 2))
case("benign-dates", "allowed", "dates, decimals, identifiers", pickle.dumps([datetime.date(2020, 1, 1), decimal.Decimal("1.5"), collections.Counter("aab"), {1, 2}, frozenset([3])], 4))
TENSOR = (glob("torch._utils", "_rebuild_tensor_v2") + b"((" + text("storage") + glob("torch", "FloatStorage") + text("0") + text("cpu") + b"K\x04tQK\x00K\x02K\x02\x86K\x02K\x01\x86\x89"
          + glob("collections", "OrderedDict") + b")RtR")
case("benign-torch", "allowed", "a state of torch: tensors in an ordered dictionary", proto(2), glob("collections", "OrderedDict"), b")R(", text("weight"), TENSOR, b"u}", text("_metadata"), glob("collections", "OrderedDict"), b")Rsb.")
MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
case("benign-torch-of-five", "allowed", "the form of torch before 1.6: five pickles, then bytes of tensors", MAGIC, pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2), proto(2), TENSOR, b".", pickle.dumps(["0"], 2), struct.pack("<Q", 4), bytes(16))


def main():
    for name, _, _, content in CASES:
        (HERE / f"{name}.pickle").write_bytes(content)
    lines = ["# Pickles", "", "Made by `make.py`. None of them does harm when it is run; airlift never runs any. Those whose name begins with `benign` are what",
             "libraries write; the others reach for something that can be called, or are made to be read in two ways.",
             "`readers.py` tells what Python's readers make of mutations of them, `peers.py` what picklescan and fickling do.",
             "`packed/` is by `packed.py`: one that is dangerous, in the forms that joblib packs by.", "",
             "| file | what it does | verdict |", "|---|---|---|"]
    lines += [f"| `{name}.pickle` | {what} | {verdict} |" for name, verdict, what, _ in CASES]
    (HERE / "README.md").write_text("\n".join(lines) + "\n")
    names = [name for name, *_ in CASES]
    assert len(set(names)) == len(names)
    print(len(CASES), "files")


if __name__ == "__main__":
    main()
