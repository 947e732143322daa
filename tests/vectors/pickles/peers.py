#!/usr/bin/env python3
"""Has picklescan and fickling judge the pickles of this folder, and such as libraries write, which are made in DIR. Nothing is loaded.

Usage: peers.py DIR. Each line: the file, what picklescan says, what fickling says.
"""

import collections
import contextlib
import datetime
import io
import pathlib
import pickle
import sys
import warnings

import joblib
import numpy
from fickling.analysis import check_safety
from fickling.fickle import StackedPickle
from picklescan.scanner import scan_pickle_bytes
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
sys.setrecursionlimit(100_000)
HERE, MADE = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])


def make():
    features, classes = make_classification(100, 8, random_state=0)
    things = {
        "data-plain": {"words": ["a", "b"], "number": 1.5, "bytes": b"\xff" * 5000, "none": None},
        "data-types": [datetime.date(2020, 1, 1), collections.OrderedDict(a=1), {1, 2}, frozenset([3]), 1 << 80],
        "data-arrays": {"a": numpy.arange(10.0), "b": numpy.ones((2, 3), "i4"), "c": numpy.array(["x", "yz"]), "d": numpy.float64(1.5),
                        "e": numpy.zeros(3, [("a", "i4"), ("b", "f8")]), "f": numpy.array(5), "g": numpy.random.RandomState(0).rand(1000)},
        "model-linear": LogisticRegression().fit(features, classes),
        "model-forest": RandomForestClassifier(5, random_state=0).fit(features, classes),
        "model-pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(features, classes),
    }
    for name, thing in things.items():
        for protocol in range(6):
            (MADE / f"{name}-{protocol}.pkl").write_bytes(pickle.dumps(thing, protocol))
        joblib.dump(thing, MADE / f"{name}.joblib")
        joblib.dump(thing, MADE / f"{name}-packed.joblib", compress=3)


def by_picklescan(name, content):
    result = scan_pickle_bytes(io.BytesIO(content), name)
    if result.issues_count:
        return "issues"
    return "error" if result.scan_err else "passed"


def by_fickling(content):
    try:
        return max(check_safety(one).severity for one in StackedPickle.load(io.BytesIO(content))).name.lower()
    except BaseException as error:
        return f"raises-{type(error).__name__}"


def main():
    make()
    for path in [*sorted(HERE.glob("*.pickle")), *sorted(MADE.glob("*.pkl"))]:
        content = path.read_bytes()
        # fickling takes a minute for a hundred thousand marks.
        if len(content) < 50_000 or path.parent == MADE:
            with contextlib.redirect_stdout(sys.stderr):
                said = by_picklescan(path.name, content), by_fickling(content)
            print(path.name, *said)


if __name__ == "__main__":
    main()
