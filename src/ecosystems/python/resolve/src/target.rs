//! A target environment as data: which wheels it accepts and how its markers evaluate.

use uv_pep440::Version;
use uv_pep508::{MarkerEnvironment, MarkerEnvironmentBuilder};
use uv_platform_tags::{Os, Platform, Tags, TagsOptions};

use crate::failure::{Failure, FailureKind};

/// A CPython environment to resolve for, described without one being present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The CPython version: major, minor, patch (`python_full_version` of PEP 508).
    pub python: (u8, u8, u8),
    /// The processor.
    pub arch: Arch,
    /// The operating system with the oldest version that wheels may ask for.
    pub system: System,
}

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// 64-bit x86, also called amd64.
    X86_64,
    /// 64-bit ARM, also called arm64.
    Aarch64,
}

/// An operating system and the floor its wheels are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// Linux with at least this glibc (PEP 600), for instance 2.28.
    Glibc(u16, u16),
    /// Linux with at least this musl (PEP 656), for instance 1.2.
    Musl(u16, u16),
    /// At least this macOS, for instance 14.0.
    MacOs(u16, u16),
    /// Windows.
    Windows,
}

impl Target {
    /// The full Python version, `3.12.4`.
    pub(crate) fn python_version(&self) -> Version {
        let (major, minor, patch) = self.python;
        Version::new([u64::from(major), u64::from(minor), u64::from(patch)])
    }

    /// The values of the PEP 508 environment markers.
    ///
    /// `platform_release` and `platform_version` are empty: they name one machine, and a target
    /// stands for many.
    pub(crate) fn markers(&self) -> Result<MarkerEnvironment, Failure> {
        let full = self.python_version().to_string();
        let short = format!("{}.{}", self.python.0, self.python.1);
        let (os_name, platform_system, sys_platform) = match self.system {
            System::Glibc(..) | System::Musl(..) => ("posix", "Linux", "linux"),
            System::MacOs(..) => ("posix", "Darwin", "darwin"),
            System::Windows => ("nt", "Windows", "win32"),
        };
        MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: &full,
            os_name,
            platform_machine: self.machine(),
            platform_python_implementation: "CPython",
            platform_release: "",
            platform_system,
            platform_version: "",
            python_full_version: &full,
            python_version: &short,
            sys_platform,
        }
        .try_into()
        .map_err(|error| invalid(self, &error))
    }

    /// The wheel tags the target accepts, best first.
    pub(crate) fn tags(&self) -> Result<Tags, Failure> {
        let os = match self.system {
            System::Glibc(major, minor) => Os::Manylinux { major, minor },
            System::Musl(major, minor) => Os::Musllinux { major, minor },
            System::MacOs(major, minor) => Os::Macos { major, minor },
            System::Windows => Os::Windows,
        };
        let arch = match self.arch {
            Arch::X86_64 => uv_platform_tags::Arch::X86_64,
            Arch::Aarch64 => uv_platform_tags::Arch::Aarch64,
        };
        let python = (self.python.0, self.python.1);
        let options = TagsOptions { manylinux_compatible: true, ..TagsOptions::default() };
        Tags::from_env(Platform::new(os, arch), python, "cpython", python, options).map_err(|error| invalid(self, &error))
    }

    /// `platform_machine`, which every system spells in its own way.
    fn machine(&self) -> &'static str {
        match (self.arch, self.system) {
            (Arch::X86_64, System::Windows) => "AMD64",
            (Arch::X86_64, _) => "x86_64",
            (Arch::Aarch64, System::Windows) => "ARM64",
            (Arch::Aarch64, System::MacOs(..)) => "arm64",
            (Arch::Aarch64, _) => "aarch64",
        }
    }
}

/// `cpython 3.12.4 on x86_64, glibc 2.28`, for messages.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let system = match self.system {
            System::Glibc(major, minor) => format!("glibc {major}.{minor}"),
            System::Musl(major, minor) => format!("musl {major}.{minor}"),
            System::MacOs(major, minor) => format!("macOS {major}.{minor}"),
            System::Windows => "Windows".to_owned(),
        };
        let (python, machine) = (self.python_version(), self.machine());
        write!(f, "cpython {python} on {machine}, {system}")
    }
}

fn invalid(target: &Target, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Invalid, format!("no wheels exist for {target}: {error}"))
}
