"""Called by `channel`: makes the packages of the test channels with py-rattler-build, and their indexes with rattler.

What is packed is real: Python and R as Debian has them, with every shared library they load but those of glibc, found again from
wherever an environment lies (RUNPATH $ORIGIN); a C library and what uses it; an R package with C code, compiled here; the wheels of
JupyterLab, pandas, scikit-learn and all they need, as the environment `science` has them; R packages of Debian with all they need.
"""
import asyncio, datetime, importlib.metadata, os, pathlib, re, shutil, subprocess, sys, tempfile
from pip._vendor.packaging.requirements import Requirement
from rattler.index import index_fs
from rattler_build import ArchiveType, assemble_package

OUT, SCIENCE, WORK = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(tempfile.mkdtemp())
MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
PYTHON, R_HOME = pathlib.Path("/usr/lib/python3.11"), pathlib.Path("/usr/lib/R")
GLIBC = "__glibc >=2.36,<3.0.a0"


def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def stage(files):
    """A folder with these files; what lies below bin/ can be run."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        if "bin" in place.parent.parts:
            place.chmod(0o755)
    return folder


def package(name, version, build, folder, *, channel="forge", subdir="linux-64", **more):
    place = OUT / channel / subdir
    place.mkdir(parents=True, exist_ok=True)
    number = int(re.search(r"(\d+)$", build)[1]) if re.search(r"(\d+)$", build) else 0
    assemble_package(name=name, version=version, target_platform=subdir, build_string=build, build_number=number, output_dir=place,
                     files_dir=folder, timestamp=MOMENT, compression_level=1, detect_prefix=False, **more)


# Shared libraries: one package for each of Debian's, named and versioned as there.
libraries = {}  # name of the library -> (package, version, file)
needs = {}  # package -> names of packages it needs


def is_elf(path):
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def wanted(path):
    """The packages of the shared libraries that a file loads by itself, glibc's left out."""
    found = set()
    resolved = dict(re.findall(r"(\S+) => (/\S+)", run("ldd", path)))
    for name in run("patchelf", "--print-needed", path).split():
        if name in resolved and name != "libR.so":
            found |= library(name, pathlib.Path(resolved[name]).resolve())
    return found


def library(name, file):
    if name not in libraries:
        owner = next(o for path in (file, pathlib.Path(str(file).replace("/usr/lib/", "/lib/"))) for o in [owned(path)] if o)
        if owner == "libc6":
            libraries[name] = None
            return set()
        version = run("dpkg-query", "-W", "-f", "${Version}", f"{owner.replace('xx', '++')}:amd64").split(":")[-1]
        version = re.match(r"[0-9.]+[0-9a-z]*", version)[0].rstrip(".")
        libraries[name] = (owner, version, file)
        needs.setdefault(owner, set()).update(wanted(file) - {owner})
    return {libraries[name][0]} if libraries[name] else set()


def owned(path):
    found = subprocess.run(["dpkg", "-S", str(path)], capture_output=True, text=True).stdout
    return found.split(":")[0].replace("+", "x") if found else None


def found_from_prefix(folder):
    """Lets everything below a folder find its libraries there, and says what it needs."""
    needed = set()
    for path in folder.rglob("*"):
        if is_elf(path):
            needed |= wanted(path)
            up = os.path.relpath(folder, path.parent)
            run("patchelf", "--set-rpath", f"$ORIGIN/{up}/lib:$ORIGIN/{up}/lib/R/lib", path)
    return sorted(needed) + [GLIBC]


def python():
    folder = WORK / "python"
    (folder / "bin").mkdir(parents=True)
    shutil.copy("/usr/bin/python3.11", folder / "bin/python3.11")
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to("python3.11")
    left = ("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "dist-packages", "__pycache__", "config-3*", "*.a",
            "_tkinter*", "sitecustomize.py", "EXTERNALLY-MANAGED")
    lib = folder / "lib/python3.11"
    shutil.copytree(PYTHON, lib, ignore=shutil.ignore_patterns(*left))
    (lib / "site-packages").mkdir(exist_ok=True)
    (lib / "site-packages/README.txt").write_text("packages go here\n")
    # Debian's interpreter, in which `site` is frozen, looks for packages under another name than Conda's.
    (lib / "dist-packages").symlink_to("site-packages")
    package("python", "3.11.2", "h2_0_cpython", folder, depends=found_from_prefix(folder), license="PSF-2.0",
            summary="General purpose programming language", homepage="https://www.python.org/")


WRAPPER = """#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)
RHOME=$here/lib/R exec "$here/lib/R/bin/{name}" "$@"
"""


def r_base():
    folder = WORK / "r-base"
    home = folder / "lib/R"
    left = ("help", "html", "demo", "site-library", "translations", "tcltk", "R_X11.so", "R_de.so", "libtool", "COPYING", "po", "tests")
    shutil.copytree(R_HOME, home, ignore=shutil.ignore_patterns(*left))
    for name in ("share", "include"):
        shutil.copytree(pathlib.Path("/usr/share/R") / name, home / name, dirs_exist_ok=True)
    shutil.rmtree(home / "share/texmf", ignore_errors=True)
    # Debian's script has the places fixed; here they follow from where it lies.
    script = home / "bin/R"
    text = script.read_text().replace("R_HOME_DIR=/usr/lib/R\n", 'R_HOME_DIR=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)\n', 1)
    script.write_text(text.replace("=/usr/share/R/", '="${R_HOME_DIR}"/'))
    (home / "etc/ldpaths").write_text("# libraries are found by RUNPATH\n")
    (home / "etc/Rprofile.site").write_text("")
    (home / "etc/Renviron.site").write_text("")
    profile = home / "etc/Renviron"
    profile.write_text(re.sub(r"^R_LIBS_SITE=.*$", "R_LIBS_SITE=${R_HOME}/library", profile.read_text(), flags=re.M))
    (folder / "bin").mkdir()
    for name in ("R", "Rscript"):
        (folder / "bin" / name).write_text(WRAPPER.format(name=name))
        (folder / "bin" / name).chmod(0o755)
    package("r-base", "4.2.2", "h5_0", folder, depends=found_from_prefix(folder), license="GPL-2.0-or-later",
            summary="R is a free software environment for statistical computing and graphics.", homepage="https://www.r-project.org/")


LIBRARY = R_HOME / "site-library"
R_42 = "r-base >=4.2,<4.3.0a0"


def described(name):
    """What a package of R says of itself: field -> text."""
    text = (LIBRARY / name / "DESCRIPTION").read_text(errors="replace")
    return dict(re.findall(r"^(\S+): *((?:.*\n(?:[ \t].*\n)*))", text, flags=re.M))


def r_needs(fields):
    """(package of R, requirement of Conda) for each that does not come with R."""
    for need in ",".join(fields.get(field, "") for field in ("Depends", "Imports", "LinkingTo")).split(","):
        parts = re.match(r"\s*([A-Za-z0-9.]+)\s*(?:\((>=)\s*([^)\s]+)\))?", need)
        if parts and (LIBRARY / parts[1]).is_dir():
            yield parts[1], f"r-{parts[1].lower()}" + (f" >={parts[3].replace('-', '_')}" if parts[2] else "")


def r_cran(*names):
    """Packages of R that Debian has installed, with those they need."""
    todo, seen = list(names), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        folder, fields = WORK / f"r-{name}", described(name)
        shutil.copytree(LIBRARY / name, folder / "lib/R/library" / name, ignore=shutil.ignore_patterns("help", "html", "doc", "tests"))
        if name == "IRkernel":
            kernel = folder / "share/jupyter/kernels/ir"
            shutil.copytree(LIBRARY / name / "kernelspec", kernel)
        needed = dict(r_needs(fields))
        todo += needed
        libraries = found_from_prefix(folder) if list(folder.rglob("*.so")) else []
        kind = {} if libraries else {"subdir": "noarch", "noarch": "generic"}
        package(f"r-{name.lower()}", fields["Version"].strip().replace("-", "_"), "r42_0", folder, license=fields["License"].strip(),
                depends=libraries + sorted(set(needed.values())) + [R_42], **kind)


def r_bundles():
    """Packages that are nothing but what they need, as conda-forge's of these names are; here they need fewer."""
    for name, version, members in (("r-essentials", "4.2", ["r-irkernel", "r-dplyr", "r-jsonlite"]), ("r-tidymodels", "1.0.0", ["r-broom", "r-dplyr"])):
        package(name, version, "r42_0", stage({}), subdir="noarch", noarch="generic", depends=members + [R_42], license="MIT")


def r_airgap():
    """A package with C code, compiled and installed as R does it."""
    source = stage({
        "DESCRIPTION": "Package: airgap\nVersion: 0.4.1\nTitle: Counting Across the Gap\nDescription: Counts.\nLicense: MIT\nAuthor: A\n"
                       "Maintainer: A <a@example.org>\nNeedsCompilation: yes\n",
        "NAMESPACE": "useDynLib(airgap, .registration = TRUE)\nexport(across)\n",
        "R/across.R": "across <- function(x) .Call(C_across, as.numeric(x))\n",
        "src/across.c": "#include <R.h>\n#include <Rinternals.h>\n#include <R_ext/Rdynload.h>\n"
                        "static SEXP across(SEXP x) { double s = 0; for (R_xlen_t i = 0; i < XLENGTH(x); i++) s += REAL(x)[i]; return ScalarReal(s); }\n"
                        "static const R_CallMethodDef calls[] = {{\"C_across\", (DL_FUNC) &across, 1}, {NULL, NULL, 0}};\n"
                        "void R_init_airgap(DllInfo *d) { R_registerRoutines(d, NULL, calls, NULL, NULL); R_useDynamicSymbols(d, FALSE); }\n",
    })
    folder = WORK / "r-airgap"
    (folder / "lib/R/library").mkdir(parents=True)
    run("R", "CMD", "INSTALL", "--no-docs", "--no-test-load", f"--library={folder}/lib/R/library", source, stderr=subprocess.STDOUT)
    package("r-airgap", "0.4.1", "r42h7_0", folder, depends=found_from_prefix(folder) + [R_42], license="MIT")


def r_kernel():
    """Like r-irkernel: no architecture, needs R and an R package, is found by Jupyter."""
    kernel = '{"argv": ["R", "--slave", "-e", "airkernel::main()", "--args", "{connection_file}"], "display_name": "R", "language": "R"}\n'
    source = stage({
        "DESCRIPTION": "Package: airkernel\nVersion: 1.3.2\nTitle: A Kernel\nDescription: A kernel.\nLicense: MIT\nAuthor: A\n"
                       "Maintainer: A <a@example.org>\nImports: jsonlite\n",
        "NAMESPACE": "export(main)\nimportFrom(jsonlite, toJSON)\n",
        "R/main.R": "main <- function() cat(toJSON(list(kernel = \"air\"), auto_unbox = TRUE), \"\\n\")\n",
    })
    folder = stage({"share/jupyter/kernels/ir/kernel.json": kernel})
    (folder / "lib/R/library").mkdir(parents=True)
    run("R", "CMD", "INSTALL", "--no-docs", "--no-test-load", f"--library={folder}/lib/R/library", source, stderr=subprocess.STDOUT)
    package("r-airkernel", "1.3.2", "r42_0", folder, subdir="noarch", noarch="generic", depends=[R_42, "r-jsonlite"])


def compiled():
    """A C library in two versions, the older in the older kind of archive, and Python code that calls it."""
    for version, build, kind in (("1.0", "h1_0", ArchiveType.TarBz2), ("1.1", "h1_1", ArchiveType.Conda)):
        folder = stage({"probe.c": f'const char *airprobe(void) {{ return "airprobe {version}"; }}\n'})
        (folder / "lib").mkdir()
        run("gcc", "-shared", "-fPIC", "-O1", "-o", folder / "lib/libairprobe.so.1", folder / "probe.c")
        (folder / "probe.c").unlink()
        package("libairprobe", version, build, folder, archive_type=kind, depends=[GLIBC], constrains=["python >=3.8,<4"], license="MIT")
    code = "import ctypes, os, sys\nprint(ctypes.CDLL(os.path.join(sys.prefix, 'lib/libairprobe.so.1')).airprobe and 'probed')\n"
    package("pyprobe", "2.0", "py311h9_0", stage({"lib/python3.11/site-packages/pyprobe.py": code}),
            depends=["python >=3.11,<3.12.0a0", "libairprobe >=1.0"])


def noarch():
    package("airlib", "0.3", "py_0", stage({"site-packages/airlib/__init__.py": "def go(): return 'airlib ok'\n"}),
            subdir="noarch", noarch="python", depends=["python >=3.9"], license="MIT")
    tool = {"site-packages/airtool/__init__.py": "import airlib, pyprobe\ndef main(): print(airlib.go())\n",
            "site-packages/airtool/__main__.py": "import airtool\nairtool.main()\n"}
    # As it was built, it needs something that nobody has: a patch of the channel's index takes that away.
    package("airtool", "1.2", "py_0", stage(tool), subdir="noarch", noarch="python", license="MIT", summary="Tools for the gap",
            depends=["python >=3.9,<4", "airlib >=0.2", "pyprobe", "nobody-has-this >=1"])


def of_python(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel_needs(found, extras):
    """What an installed package of Python needs, with what these extras of it need, and theirs, as requirements of Conda."""
    wanted = {}
    for need in map(Requirement, found.requires or []):
        if need.marker and not any(need.marker.evaluate({"extra": extra}) for extra in ("", *sorted(extras))):
            continue
        if of_python(need.name) == of_python(found.name):
            wanted |= wheel_needs(found, need.extras)
        else:
            wanted[of_python(need.name)] = (str(need.specifier), need.extras)
    return wanted


def wheels():
    """The packages of an environment that pip made, as packages of Conda. What extras are asked for by any is needed by all."""
    site = SCIENCE / "lib/python3.11/site-packages"
    installed = {of_python(d.name): d for d in importlib.metadata.distributions(path=[str(site)])}
    extras = {name: set() for name in installed}
    for _ in range(4):
        for name, found in installed.items():
            for need, (_, more) in wheel_needs(found, extras[name]).items():
                extras[need] |= set(more)
    for name, found in installed.items():
        if name in ("pip", "setuptools"):
            continue
        files = [file for file in found.files if ".." not in file.parts and file.suffix != ".pyc"]
        native = any(file.suffix == ".so" or ".so." in file.name for file in files)
        folder = WORK / "wheels" / name
        for file in files:
            place = folder / ("lib/python3.11/site-packages" if native else "site-packages") / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(site / file, place)
        # Kernels, settings and pages of Jupyter lie beside the packages.
        for file in (file for file in found.files if file.parts[:4] == ("..", "..", "..", "share")):
            place = folder / pathlib.Path(*file.parts[3:])
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(site / file, place)
        depends = [f"{need} {specifier}".strip() for need, (specifier, _) in sorted(wheel_needs(found, extras[name]).items())]
        kind = {} if native else {"subdir": "noarch", "noarch": "python"}
        package(name, found.version, "py311_0" if native else "py_0", folder, license=found.metadata.get("License-Expression"),
                depends=depends + (["python >=3.11,<3.12.0a0", GLIBC] if native else ["python >=3.9"]), **kind)


def variants():
    """What a host has decides: CUDA or not, an older or a newer glibc."""
    text = {"share/variant.txt": "x\n"}
    package("airgpu", "1.0", "cuda_1", stage(text), depends=["__cuda >=12"])
    package("airgpu", "1.0", "cpu_0", stage(text))
    package("airold", "1.0", "h0_0", stage(text), depends=["__glibc >=2.17"])
    package("airold", "2.0", "h0_0", stage(text), depends=["__glibc >=2.99"])
    package("airlib", "9.0", "py_0", stage({"site-packages/airlib/__init__.py": "def go(): return 'from elsewhere'\n"}),
            channel="extra", subdir="noarch", noarch="python", depends=["python"])
    package("airdev", "0.1", "0", stage(text), channel="forge/label/dev", subdir="noarch", noarch="generic", depends=["airlib"])


def patches():
    """The channel's patches, as conda-forge brings them: a package of instructions for each platform."""
    import json
    fixed = {"airtool-1.2-py_0.conda": {"depends": ["python >=3.9,<4", "airlib >=0.2", "pyprobe"]}}
    none = {"packages": {}, "packages.conda": {}, "remove": [], "revoke": [], "patch_instructions_version": 1}
    files = {"noarch/patch_instructions.json": json.dumps(none | {"packages.conda": fixed}),
             "linux-64/patch_instructions.json": json.dumps(none)}
    package("forge-repodata-patches", "20260101", "0", stage(files), subdir="noarch", noarch="generic")
    return "forge-repodata-patches-20260101-0.conda"


python(), r_base(), r_cran("jsonlite", "IRkernel", "dplyr", "broom"), r_bundles(), r_airgap(), r_kernel(), compiled(), noarch(), variants(), wheels()
for owner in sorted(needs):
    folder = WORK / owner
    (folder / "lib").mkdir(parents=True)
    for name, found in libraries.items():
        if found and found[0] == owner:
            shutil.copy(found[2], folder / "lib" / name)
    version = next(found[1] for found in libraries.values() if found and found[0] == owner)
    package(owner, version, "h3_0", folder, depends=[need for need in found_from_prefix(folder) if need != owner])
for channel, patch in (("forge", patches()), ("extra", None), ("forge/label/dev", None)):
    for subdir in ("noarch", "linux-64"):
        (OUT / channel / subdir).mkdir(parents=True, exist_ok=True)
    asyncio.run(index_fs(OUT / channel, repodata_patch=patch, write_zst=True, write_shards=True, force=True))
shutil.rmtree(WORK)
