//! The Conda environments of the toolkit from real packages, behind the gap: stock rattler solves and installs what the shipped sections
//! ask for, Jupyter runs a notebook with pandas and scikit-learn, and R loads its packages.

use super::{TOOLKIT, put};
use crate::conda::clients::Inside;
use crate::stock;
use airlift::ecosystems;
use airlift::manifest::Manifest;

/// The Conda sections as they are shipped, for the machine that the test channel has packages for: Debian's glibc and Python.
fn sections(channel: &str) -> String {
    let begin = TOOLKIT.find("[conda.science]").unwrap();
    let end = TOOLKIT.find("[models.").unwrap();
    let text = put(&TOOLKIT[begin..end], "\"conda-forge\"", channel);
    // The test channel has no pip: in it, everything is installed by Conda.
    let text = put(&text, "\"pip\", ", "");
    let text = put(&text, "targets = [\"x86-py312\", \"arm-py312\"]", "targets = [\"x86-py311\"]");
    // The channel was indexed when the tests were set up, and the cool-down counts from there.
    let text = put(&text, "cool-down-days = 7\n", "");
    let target = "[targets.x86-py311]\nplatform = \"linux-x86_64\"\npython = \"3.11\"\nglibc = \"2.36\"\n";
    format!("airlift = 1\nname = \"mlops-toolkit\"\n{target}{text}")
}

/// The part of a section that clients inside say again.
#[derive(serde::Deserialize)]
struct Asked {
    specs: Vec<String>,
}

/// What a section asks for, as a Python list.
fn specs(section: &str) -> String {
    let manifest = Manifest::parse(TOOLKIT, &ecosystems::names()).unwrap();
    let found = manifest.sections.iter().find(|s| s.ecosystem == "conda" && s.name == section).unwrap();
    let specs = found.parse::<Asked>().unwrap().specs;
    format!("{:?}", specs.into_iter().filter(|spec| spec != "pip").collect::<Vec<_>>())
}

/// A notebook of one cell, run by Jupyter itself with a kernel of the environment.
const PYTHON: &str = r#"
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}},
            "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source":
                       "import numpy, pandas, sys\nfrom sklearn.linear_model import LinearRegression\n"
                       "table = pandas.DataFrame({'x': numpy.arange(5.0)})\ntable['y'] = 3 * table.x + 1\n"
                       "fit = LinearRegression().fit(table[['x']], table.y)\n"
                       "print(sys.prefix, round(float(fit.coef_[0]), 6), round(float(fit.intercept_), 6))"}]}

async def body():
    print(await installed("a", *SPECS, channels=["forge"]) > 80)
    json.dump(NOTEBOOK, open(f"{HOME}/in.ipynb", "w"))
    env = {"HOME": HOME, "PATH": f"{HOME}/env/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([f"{HOME}/env/bin/python", "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "out.ipynb", "in.ipynb"],
                          cwd=HOME, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    print("".join(json.load(open(f"{HOME}/out.ipynb"))["cells"][0]["outputs"][0]["text"]).strip())
    run(f"{HOME}/env/bin/python", "-c", "import os, sys; print(os.path.isfile(sys.prefix + '/share/jupyter/lab/static/index.html'))")
main(body)
"#;

/// R's packages, and the kernel that Jupyter would find.
const R: &str = r#"
async def body():
    print(await installed("a", *SPECS, channels=["forge"]) > 60)
    script = "suppressMessages({library(dplyr); library(broom)}); fit <- lm(y ~ x, mutate(tibble(x = c(0, 1, 2)), y = 3 * x + 1)); " \
             "cat(round(tidy(fit)$estimate, 6), as.character(packageVersion('IRkernel')), dirname(find.package('IRkernel')))"
    run(f"{HOME}/env/bin/Rscript", "-e", script)
    print(kernel("ir"))
main(body)
"#;

fn said(section: &str, code: &str) -> Option<(String, String)> {
    stock::environment("science")?;
    let inside = Inside::with(|outside| sections(&outside.channel("forge")))?;
    let said = inside.python(&format!("SPECS = {}\n{code}", specs(section)));
    Some((said, inside.home().join("env").display().to_string()))
}

#[test]
fn the_python_environment_runs_a_notebook() {
    let Some((said, env)) = said("science", PYTHON) else { return };
    assert_eq!(said, format!("True\n{env} 3.0 1.0\nTrue\n"));
}

#[test]
fn the_r_environment_fits_a_model() {
    let Some((said, env)) = said("r", R) else { return };
    assert_eq!(said, format!("True\n1 3 1.3.2 {env}/lib/R/library\nR\n"));
}
