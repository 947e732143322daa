#!/usr/bin/env python3
"""Verifies an airlift event log (log.md) with python3 and openssl alone:

    verify_log.py STORE/log [KEY [CHECKPOINT...]]

KEY is the log's key as it was printed once (NAME+ID+BASE64), `-` takes the one in event 0; CHECKPOINTs are files that were kept elsewhere."""
import base64, hashlib, json, os, subprocess, sys, tempfile

def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()

def bad(index, why): sys.exit(f"event {index} is the first bad one: {why}")

def root(peaks):                              # RFC 6962, section 2.1
    hashes = [h for _, h in peaks] or [sha(b"")]
    while len(hashes) > 1: hashes[-2:] = [sha(b"\1", *hashes[-2:])]
    return hashes[0]

def push(peaks, line):                        # whole subtrees of equal size become one
    peaks.append((1, sha(b"\0", line)))
    while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
        (n, right), (_, left) = peaks.pop(), peaks.pop()
        peaks.append((2 * n, sha(b"\1", left, right)))

def checkpoint(path, key):                    # a C2SP signed note: size and root, once its signature is right
    name, public = key.split("+", 2)[0], base64.b64decode(key.split("+", 2)[2])
    text, signatures = open(path, encoding="utf-8", newline="").read().split("\n\n")[-2:]
    text = text.encode() + b"\n"
    wanted = sha(name.encode(), b"\n", public)[:4]
    with tempfile.TemporaryDirectory() as folder:
        for file, data in (("text", text), ("key", bytes.fromhex("302a300506032b6570032100") + public[1:])):
            open(os.path.join(folder, file), "wb").write(data)
        for line in signatures.splitlines():
            raw = base64.b64decode(line.split(" ")[-1])
            if line.split(" ")[1] == name and raw[:4] == wanted:
                open(os.path.join(folder, "signature"), "wb").write(raw[4:])
                command = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -in text -sigfile signature"
                if subprocess.run(command.split(), cwd=folder, capture_output=True).returncode == 0:
                    origin, size, hash64 = text.decode().splitlines()
                    return int(size), base64.b64decode(hash64)
    sys.exit(f"{path} is not signed by {key}")

folder, key, kept = sys.argv[1], (sys.argv[2:] + ["-"])[0], sys.argv[3:]
events = os.path.join(folder, "events.jsonl")
if key == "-": key = json.loads(open(events, "rb").readline())["subjects"][0]["name"]
size, newest = checkpoint(os.path.join(folder, "checkpoint"), key)
wanted = [(size, newest, "its checkpoint")] + [(*checkpoint(path, key), path) for path in kept]
peaks, count, behind = [], 0, 0
for line in open(events, "rb"):
    if count == size and behind: bad(count + 1, "it stands behind what was signed")
    if count == size: behind = True; continue # one event that a kill kept from being signed may be there, and no more
    try: event = json.loads(line)
    except ValueError: bad(count, "it cannot be read")
    if event.get("index") != count: bad(count, "it says it is another event")
    if event.get("previous") != root(peaks).hex(): bad(max(count - 1, 0), "the event after it was written behind another")
    push(peaks, line.rstrip(b"\n"))
    count += 1
    for at, expected, who in wanted:
        if at == count and root(peaks) != expected: bad(count - 1, f"or one before it: {who} says otherwise")
if count < max(at for at, _, _ in wanted): bad(count, "it is missing: the log was cut")
print(f"{count} events, root {root(peaks).hex()}: every event is as it was logged, signed by {key}")
