//! Which names a pickle may hold: a list of pairs of module and attribute, each looked at; and names that no data needs, which are told as
//! what they are. What is on neither list is refused as well: lists of what is bad are never complete.
//!
//! The base is what torch itself loads with `weights_only`; to it come the types of Python's standard library that hold data, NumPy's
//! arrays and scalars, and joblib's wrapper of them. A name is taken only as written here: an attribute of an attribute never is.

/// The version of the list, in every finding that rests on it.
pub const LIST: &str = "1";

/// How a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// On the list.
    Listed,
    /// On no list.
    Unlisted,
    /// Runs commands or code, imports, opens files or connections, or leads to what does.
    Dangerous,
}

/// Each module and what of it is on the list, with a space between.
const LISTED: &[(&str, &str)] = &[
    ("collections", "OrderedDict Counter defaultdict deque"),
    ("builtins", "bool bytearray bytes complex dict float frozenset int list object set slice str tuple"),
    ("_codecs", "encode"),
    ("copyreg", "_reconstructor"),
    ("datetime", "date datetime time timedelta timezone"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("uuid", "UUID"),
    ("numpy", NUMPY),
    ("numpy.core.multiarray", "_reconstruct scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy.dtypes", NUMPY_DTYPES),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("torch", TORCH),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch._utils", TORCH_UTILS),
    ("torch.nn.parameter", "Parameter"),
    ("torch.serialization", "_get_layout"),
    ("torch.storage", "TypedStorage UntypedStorage"),
    ("torch.cuda", TORCH_STORAGES),
];

const NUMPY: &str = "ndarray dtype bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 \
    complex128 str_ bytes_ datetime64 timedelta64";

const NUMPY_DTYPES: &str = "BoolDType Int8DType Int16DType Int32DType Int64DType UInt8DType UInt16DType UInt32DType UInt64DType Float16DType \
    Float32DType Float64DType Complex64DType Complex128DType StrDType BytesDType DateTime64DType TimeDelta64DType";

const TORCH: &str = "Size Tensor device DoubleStorage FloatStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage \
    CharStorage ByteStorage BoolStorage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QInt32Storage QUInt8Storage \
    QUInt4x2Storage QUInt2x4Storage float64 double float32 float float16 half bfloat16 int64 long int32 int int16 short \
    int8 uint8 uint16 uint32 uint64 bool complex32 complex64 complex128 float8_e5m2 float8_e4m3fn float8_e5m2fnuz \
    float8_e4m3fnuz qint8 qint32 quint8 quint4x2 quint2x4 per_tensor_affine per_tensor_symmetric per_channel_affine \
    per_channel_symmetric per_channel_affine_float_qparams";

const TORCH_STORAGES: &str = "DoubleStorage FloatStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage CharStorage ByteStorage \
    BoolStorage ComplexFloatStorage ComplexDoubleStorage";

const TORCH_UTILS: &str = "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state \
    _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor \
    _rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass _rebuild_device_tensor_from_numpy \
    _rebuild_device_tensor_from_cpu_tensor";

/// Modules of which no name has a place in data, with everything below them.
const DANGEROUS: &str = "__main__ _aix_support _ctypes _io _osx_support _pickle _posixsubprocess _pyrepl _socket _testcapi _thread aiohttp ast \
    asyncio atexit bdb cPickle cProfile cffi cgitb cloudpickle code codeop codecs commands concurrent configparser ctypes \
    dill distutils doctest ensurepip faulthandler fcntl ftplib functools gc getpass glob http httplib idlelib imaplib imp \
    importlib inspect io jsonpickle lib2to3 linecache logging marshal mmap multiprocessing nntplib nt ntpath \
    numpy.distutils numpy.f2py numpy.testing operator _operator os pdb pickle pickletools pip pkg_resources pkgutil \
    platform popen2 poplib posix posixpath profile pstats pty py_compile pydoc requests resource runpy select selectors \
    setuptools shelve shutil signal site smtplib socket socketserver sqlite3 _sqlite3 ssl subprocess sys sysconfig tarfile \
    telnetlib tempfile test threading timeit torch.distributed torch.hub torch.jit torch.package torch.testing torch.utils \
    torch._dynamo torch._inductor trace traceback tracemalloc types unittest urllib urllib2 urllib3 uu venv webbrowser \
    weakref winreg _winreg wsgiref xmlrpc zipapp zipfile zipimport zipimporter";

/// Single names that are as bad, in modules that have others.
const DANGEROUS_NAMES: &[(&str, &str)] = &[
    (
        "builtins",
        "__build_class__ __import__ __loader__ __spec__ apply breakpoint classmethod compile delattr dir eval exec execfile \
     exit file filter getattr globals help input locals map memoryview open property quit raw_input reload setattr \
     staticmethod super type vars",
    ),
    ("torch", "load save compile ops classes"),
    ("torch.serialization", "load _load _legacy_load"),
    ("torch.storage", "_load_from_bytes"),
    ("torch._utils", "_import_dotted_name"),
    (
        "numpy",
        "load save fromfile memmap DataSource loadtxt genfromtxt fromregex fromfunction apply_along_axis apply_over_axes \
     vectorize frompyfunc piecewise",
    ),
    ("numpy.lib.npyio", "load DataSource loadtxt genfromtxt"),
    ("joblib", "load dump Parallel delayed Memory"),
    ("joblib.numpy_pickle", "load _unpickle NDArrayWrapper ZNDArrayWrapper"),
    ("pandas", "eval read_pickle read_csv read_hdf"),
    ("pandas.io.pickle", "read_pickle"),
    ("pandas.io.common", "urlopen get_handle"),
    ("copyreg", "add_extension pickle constructor __newobj__ __newobj_ex__"),
    ("itertools", "starmap accumulate groupby takewhile dropwhile filterfalse"),
    ("collections", "namedtuple"),
    ("dataclasses", "make_dataclass"),
    ("sklearn.utils", "Bunch.__init__"),
    ("tensorflow", "load_op_library io py_function numpy_function"),
    ("keras.models", "load_model"),
    ("cv2", "imread"),
];

/// The name that Python 3 takes a name of Python 2, or one of a newer NumPy, for.
fn current(module: &str) -> String {
    match module {
        "__builtin__" | "__builtins__" | "exceptions" => "builtins".to_owned(),
        "copy_reg" => "copyreg".to_owned(),
        _ if module == "numpy._core" || module.starts_with("numpy._core.") => module.replacen("numpy._core", "numpy.core", 1),
        _ => module.to_owned(),
    }
}

/// How an attribute of a module stands.
pub(super) fn standing(module: &str, attribute: &str) -> Standing {
    let module = current(module);
    let in_list = |list: &[(&str, &str)], attribute: &str| {
        list.iter().any(|(m, names)| *m == module && names.split(' ').any(|name| name == attribute))
    };
    // Of an attribute of an attribute the first one counts; any of a private one leads anywhere.
    let first = attribute.split('.').next().unwrap_or_default();
    let below = |outer: &str| module.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    match () {
        () if in_list(LISTED, attribute) => Standing::Listed,
        () if DANGEROUS.split(' ').any(below) => Standing::Dangerous,
        () if in_list(DANGEROUS_NAMES, attribute) || in_list(DANGEROUS_NAMES, first) => Standing::Dangerous,
        () if attribute.split('.').skip(1).any(|part| part.starts_with("__"))
            || attribute.split('.').any(|part| part == "os" || part == "sys") =>
        {
            Standing::Dangerous
        }
        () => Standing::Unlisted,
    }
}
