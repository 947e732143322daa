#!/bin/sh
# Checks an evidence pack of airlift (evidence.md) with python3, ssh-keygen and openssl, and signatures of publishers in it with gpgv and with
# what this python3 has of pypi-attestations and sigstore. It changes nothing, asks no network, and runs nothing of the pack.
#
#   sh check.sh [-s SUMS] [-r ROOT] [-k KEY] FOLDER
#
# SUMS: the SHA-256 of SHA256SUMS, ROOT: that of the newest trust root, KEY: the log's key, each as you have it by another way than with
# the pack. Whoever can alter the pack can alter the copy of this script in it: take the script from the documentation, and compare its
# SHA-256 with the one in evidence.md.
# Exit code: 0 everything was proved, 1 something was refused, 2 it was called wrongly, 3 something could not be checked for want of a
# tool, 4 nothing was refused and something is left for you to compare.
set -u
LC_ALL=C
export LC_ALL
if ! command -v python3 >/dev/null 2>&1; then
  echo 'UNCHECKED  everything: there is no python3'
  exit 3
fi
exec python3 -I -B - "$@" <<'PYTHON'
import base64, contextlib, getopt, hashlib, json, os, re, shutil, socket, subprocess, sys, tempfile, time
from collections import namedtuple

HEX, FP, WORD, NUMBER = "[0-9a-f]{64}", "[0-9a-f]{16}", "[a-z0-9][a-z0-9._@+-]{0,47}", "(?:0|[1-9][0-9]{0,14})"
SIGNER = WORD + r"\." + FP + r"\.sshsig"
LAYOUT = re.compile("|".join([
    r"README\.md|check\.sh|policy\.toml|licences\.csv|(?:pack|scan|advisories|exceptions|transcript|models)\.json",
    rf"bundles/{HEX}/(?:(?:bundle|lock|review|gates|changes)\.json|sig/bundle\.{SIGNER})",
    rf"bundles/{HEX}/approvals/[0-9]{{2}}(?:\.json|/approval\.{SIGNER})",
    rf"trust/(?:(?:root\.{NUMBER}|revoke\.{FP})\.(?:json|{SIGNER})|allowed_signers\.{NUMBER}|revoked_keys)",
    rf"installed/snapshot-{NUMBER}\.json|log/(?:events\.jsonl|checkpoint|verifier-key|checkpoints/{NUMBER}\.(?:note|txt))",
    rf"log/cosignatures/{NUMBER}\.{FP}\.sshsig|log/receipts/event-{NUMBER}\.tlog-proof",
    rf"publishers/(?:index\.json|{HEX}\.(?:(?:provenance|sigstore|dsse|payload|manifest)\.json|prov)|keys/{HEX}\.(?:pem|asc)|roots/{HEX}\.json)",
    r"program/cyclonedx\.json|sbom/(?:cyclonedx|spdx|spdx3)\.json|controls/[a-z0-9-]+\.(?:md|csv|json)",
    r"oscal/assessment-(?:results|plan)\.json|oscal/component-definition\.json"]))
SEAL = re.compile(rf"evidence\.{SIGNER}")
MOST_FILES, MIB = 100_064, 1 << 20

class Refused(Exception): pass
class Missing(Exception): pass

counts = {"REFUSED": 0, "UNCHECKED": 0, "compare": 0}

def say(word, text):
    if word in counts: counts[word] += 1
    print(f"{word:<10} " + "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text))

def proved(text): say("proved", text)
def refused(text): say("REFUSED", text)
def compare(text): say("compare", text)
def noted(text): say("noted", text)

@contextlib.contextmanager
def about(what):                              # whatever a hostile file brings about is a refusal with its name
    try: yield
    except Refused as why: refused(f"{what}: {why}")
    except Missing as tool: say("UNCHECKED", f"{what}: there is no {tool}")
    except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RecursionError, TypeError, ValueError,
            subprocess.SubprocessError) as why:
        refused(f"{what} is not what it should be ({type(why).__name__})")

def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def hexed(data): return hashlib.sha256(data).hexdigest()
def need(condition, why):
    if not condition: raise Refused(why)

def finish():
    for word, code, what in (("REFUSED", 1, "refused"), ("UNCHECKED", 3, "could not be checked"), ("compare", 4, "left for you to compare")):
        if counts[word]:
            print(f"{counts[word]} {what}")
            sys.exit(code)
    print("everything was proved")
    sys.exit(0)

# ---- the files ----

def walk(folder, prefix=""):                  # every file by its name; anything that is no plain file or folder is refused
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    if not entries: refused(f"{prefix or 'the folder'} is empty")
    for entry in entries:
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if re.fullmatch("[A-Za-z0-9._@+-]+", entry.name) and name.count("/") < 4: yield from walk(entry.path, name + "/")
            else: refused(f"{name} is a folder that no pack has")
        elif not entry.is_file(follow_symlinks=False): refused(f"{name} is no plain file")
        else: yield name

def opened(name): return os.fdopen(os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")

def digest(name):
    found = hashlib.sha256()
    with opened(name) as file:
        for part in iter(lambda: file.read(MIB), b""): found.update(part)
    return found.hexdigest()

def read(name, most=MIB):                     # the bytes that were listed
    need(name in listed, "it is not here")
    with opened(name) as file: data = file.read(most + 1)
    need(len(data) <= most, f"it is longer than {most} bytes")
    need(hexed(data) == listed[name], "it changed meanwhile")
    return data

def once(pairs):
    need(len(dict(pairs)) == len(pairs), "it says something twice")
    return dict(pairs)

def none(text): raise Refused(f"it has a number that is not whole: {text:.20}")
def parse(data): return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_float=none, parse_constant=none)
def here(pattern): return sorted(name for name in listed if re.fullmatch(pattern, name))

def check_list():
    global listed, seals
    names = set(walk(folder))
    if counts["REFUSED"]: return              # what is no plain file is not opened
    seals = sorted(name for name in names if SEAL.fullmatch(name))
    need(len(names) <= MOST_FILES and len(seals) <= 64, "there are too many files")
    with opened("SHA256SUMS") as file: data = file.read(64 * MIB)
    lines = data.decode("utf-8").split("\n")
    need(lines.pop() == "", "its last line has no end")
    listed, found = {}, hexed(data)
    for line in lines:
        match = re.fullmatch(rf"({HEX})  (\S+)", line)
        need(match and LAYOUT.fullmatch(match[2]), f"this line is none of a pack: {line:.120}")
        need(match[2] not in listed, f"{match[2]} is in it twice")
        listed[match[2]] = match[1]
    for name in sorted(names - set(listed) - set(seals) - {"SHA256SUMS"}): refused(f"{name} is not listed in SHA256SUMS")
    for name, wanted in listed.items():
        if name not in names: refused(f"{name} is listed in SHA256SUMS and is not here")
        elif digest(name) != wanted: refused(f"{name} is not as it was listed in SHA256SUMS")
    if told["-s"] and found != told["-s"]: refused(f"SHA256SUMS is {found}, and not the list you were told of")
    if counts["REFUSED"]: return
    proved(f"all {len(listed)} files are as they were listed in SHA256SUMS, and there are no others")
    if told["-s"]: proved("SHA256SUMS is the list you were told of")

# ---- signatures: PROTOCOL.sshsig, trust.md ----

Signature = namedtuple("Signature", "file armour key space flags")
Tally = namedtuple("Tally", "met people signed idle")

def fields(data, shape, what):                # s: a string, u: a number of four bytes, b: a byte; nothing may be left
    found = []
    for kind in shape:
        size = {"u": 4, "b": 1}.get(kind) or int.from_bytes(data[:4], "big")
        if kind == "s": data = data[4:]
        need(len(data) >= size, f"{what} is damaged")
        found.append(data[:size] if kind == "s" else int.from_bytes(data[:size], "big"))
        data = data[size:]
    need(not data, f"{what} is damaged")
    return found

def signature(file, armour=None):
    armour = armour or read(file, 4096)
    lines = armour.decode("ascii").split("\n")
    whole = len(lines) > 3 and (lines[0], lines[-2], lines[-1]) == ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----", "")
    need(whole and all(0 < len(line) <= 76 for line in lines[1:-2]), f"{file} is not one signature and nothing else")
    blob = base64.b64decode("".join(lines[1:-2]), validate=True)
    need(base64.b64encode(blob).decode() == "".join(lines[1:-2]) and blob[:6] == b"SSHSIG", f"{file} is not one signature and nothing else")
    version, key, space, reserved, hashed, raw = fields(blob[6:], "usssss", file)
    kind = fields(key[:4 + int.from_bytes(key[:4], "big")], "s", file)[0].decode("ascii")
    need(version == 1 and not reserved and hashed in (b"sha256", b"sha512"), f"{file} is of a kind that is not taken")
    need(kind in ("ssh-ed25519", "sk-ssh-ed25519@openssh.com"), f"{file} is by a key that is not taken")
    parts = fields(raw, "ssbu" if kind.startswith("sk-") else "ss", file)
    need(parts[0].decode("ascii") == kind and len(parts[1]) == 64, f"{file} is damaged")
    return Signature(file, armour, f"{kind} {base64.b64encode(key).decode()}", space.decode("ascii"), parts[2] if len(parts) > 2 else None)

def run(command, **options):
    if not shutil.which(command[0]): raise Missing(command[0])
    options.setdefault("input", b"")
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, **options).returncode == 0

fitting = {}
def fits(one, who, data):                     # by a list of one line: this key, as this person, for this purpose
    case = (one, who, sha(data))
    if case not in fitting:
        with tempfile.TemporaryDirectory() as place:
            allowed, armour = os.path.join(place, "allowed"), os.path.join(place, "signature")
            with open(allowed, "w") as file: file.write(f'{who} namespaces="{one.space}" {one.key}\n')
            with open(armour, "wb") as file: file.write(one.armour)
            fitting[case] = run(["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", who, "-n", one.space, "-s", armour], input=data)
    return fitting[case]

def fingerprint(key): return "SHA256:" + base64.b64encode(sha(base64.b64decode(key.split(" ")[1]))).decode().rstrip("=")

class Root:
    def __init__(self, number, data):
        self.number, self.data, self.digest, self.terms = number, data, hexed(data), parse(data)
        self.name, self.keys = f"trust/root.{number}.json", {}
        need(self.terms["airlift-root"] in (1, 2) and self.terms["version"] == number, "it is no trust root of that number")
        for person in self.terms["principals"]:
            need(re.fullmatch(WORD, person["name"]), "a person's name is none")
            for key in person["keys"]:
                need(re.fullmatch(r"(ssh-ed25519|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/]+=*", key["key"]), "a key is none")
                need(key["key"] not in self.keys, "a key is there twice")
                self.keys[key["key"]] = (person["name"], key["custody"])
        for role in self.terms["roles"]:
            for rule in self.rules(role): need(type(rule["threshold"]) is int and rule["threshold"] >= 1, "a threshold is none")

    def rules(self, role):
        found = self.terms["roles"].get(role, [])
        return found if isinstance(found, list) else [found]

    def people(self, role): return {who for rule in self.rules(role) for who in rule["principals"]}
    def revoked(self): return self.terms.get("revoked", [])

def said_against(key, revoked, document):     # the reason, unless every revocation of the key spares the document
    against = [entry for entry in revoked if entry["key"] == fingerprint(key)]
    spared = all(any(good["bundle"] == document for good in entry["last-good"]) for entry in against)
    return None if spared else against[0]["reason"]

def why_not(root, rule, who, one, custody, others):
    if who not in rule["principals"]: return f"{who} is not among those who count"
    if one.flags is not None and not one.flags & 1: return f"the token of {who} was not touched"
    if rule.get("presence") == "pin" and one.flags is not None and not one.flags & 4: return f"the PIN of {who} was not given"
    if "custody" in rule and custody not in rule["custody"]: return f"the key of {who} is not kept as is asked"
    if any(other in rule.get("distinct-from", []) and who in people for other, people in others): return f"{who} counts elsewhere"
    return None

def tally(root, role, space, data, signatures, revoked, others=()):
    """Who counts for each rule of a role. Every signature must fit: one that does not is damage."""
    people, signed, idle = [set() for _ in root.rules(role)], {}, {}
    need(len(signatures) <= 256, "it has too many signatures")
    for one in signatures:
        who, custody = root.keys.get(one.key, ("somebody", ""))
        need(one.space == space and fits(one, who, data), f"{one.file} is no signature over it ({space})")
        reason = said_against(one.key, revoked, hexed(data))
        why = f"the key of {who} was revoked ({reason})" if reason else "the key is in no role" if one.key in root.keys else "the key is unknown"
        for rule, count in zip(root.rules(role), people):
            if reason or one.key not in root.keys: break
            why = why_not(root, rule, who, one, custody, others)
            if not why:
                count.add(who)
                signed[one.file] = who
        if one.file not in signed: idle[one.file] = why
    return Tally([len(count) >= rule["threshold"] for rule, count in zip(root.rules(role), people)], people, signed, idle)

def nearest(root, role, found):               # of the rule that lacks least: how many people, of how many
    pairs = [(len(count), rule["threshold"]) for rule, count in zip(root.rules(role), found.people)]
    return "{} of {}".format(*min(pairs, key=lambda pair: pair[1] - pair[0]))

# ---- trust ----

def check_roots():
    numbers = sorted(int(name.split(".")[1]) for name in here(rf"trust/root\.{NUMBER}\.json"))
    need(numbers and len(numbers) <= 256 and numbers == list(range(numbers[0], numbers[-1] + 1)), "roots are missing, or there are too many")
    name = f"trust/root.{numbers[-1]}.json"
    if not told["-r"]: compare(f"{name}, which decides who may sign, is {listed[name]}: as you were told?")
    elif listed[name] == told["-r"]: proved(f"{name} is the trust root you were told of")
    else: raise Refused(f"{name} is {listed[name]}, and not the trust root you were told of")
    for number in numbers: roots.insert(0, Root(number, read(f"trust/root.{number}.json")))
    newest = roots[0]
    for place, root in enumerate(roots):
        before = roots[place + 1] if place + 1 < len(roots) else None
        signatures = [signature(name) for name in here(rf"trust/root\.{root.number}\.{SIGNER}")]
        for judge in [root] + ([before] if before else []):
            found = tally(judge, "root", "root.v1@airlift", root.data, signatures, judge.revoked())
            for file, who in sorted(found.signed.items()): proved(f"{root.name} was signed by {who} (root.v1@airlift), by {judge.name}")
            need(all(found.met), f"{root.name}: signed by {nearest(judge, 'root', found)} people of {judge.name}")
            proved(f"{root.name}: {nearest(judge, 'root', found)} people of {judge.name} signed it")
        if before:
            need(root.terms["previous"] == before.digest, f"{before.name} is not the file that {root.name} names")
            kept = all(entry in root.revoked() for entry in before.revoked())
            need(root.terms["name"] == before.terms["name"] and root.terms["epoch"] >= before.terms["epoch"] and kept, f"{root.name} does not follow")
            proved(f"{before.name} is the file that {root.name} names by its digest")
    revoked.extend(newest.revoked())

def check_revocation(name):
    data, stem = read(name, 4096), name[:-len(".json")]
    said = parse(data)
    need(stem.endswith("." + hexed(data)[:16]) and said["domain"] == roots[0].terms["name"], "it is of another name or domain")
    for one in [signature(file) for file in here(re.escape(stem) + r"\." + SIGNER)]:
        holders = [root.keys[one.key][0] for root in roots if one.key in root.keys and root.keys[one.key][0] in root.people("root") | root.people("revoke")]
        who = (holders + [next((root.keys[one.key][0] for root in roots if one.key in root.keys), "somebody")])[0]
        need(one.space == "revoke.v1@airlift" and fits(one, who, data), f"{one.file} is no signature over it")
        if (holders or fingerprint(one.key) == said["key"]) and (one.flags is None or one.flags & 1):
            revoked.append({"key": said["key"], "reason": said["reason"], "last-good": said["last-good"]})
            proved(f"{name} was signed by {who} (revoke.v1@airlift): {said['key']} counts no more")
        else: noted(f"{one.file} does not count")

def reporters(root): return "report" if root.rules("report") else "bundle"

def signer_lines(root):                       # what ssh-keygen may be told of a root: key, person and purpose together
    pairs = [("bundle", "bundle"), ("root", "root"), ("approve", "approve"), ("revoke", "revoke"), ("report", "report"),
             ("bundle", "checkpoint"), ("approve", "checkpoint"), (reporters(root), "evidence")]
    if root.rules("revoke"): pairs.append(("root", "revoke"))
    return {f'{who} namespaces="{space}.v1@airlift" {key}' for role, space in pairs
            for key, (who, _) in root.keys.items() if who in root.people(role)}

def check_lists():                            # the files for ssh-keygen by hand
    for root in roots:
        name = f"trust/allowed_signers.{root.number}"
        with about(name):
            text = read(name).decode("ascii")
            need(text.endswith("\n") and set(text[:-1].split("\n")) == signer_lines(root), f"it lists others than {root.name}")
            proved(f"{name} lists the people of {root.name} and nobody else")
    with about("trust/revoked_keys"):
        lines = [line for line in read("trust/revoked_keys").decode("ascii").split("\n") if line and not line.startswith("#")]
        gone = {entry["key"] for entry in revoked}
        known = {key for root in roots for key in root.keys if fingerprint(key) in gone}
        need(known <= set(lines) and all(fingerprint(line) in gone for line in lines), "it lists others than the keys that were revoked")
        proved("trust/revoked_keys lists the keys that were revoked and no others")

def check_seals():                            # signatures over the list itself
    with opened("SHA256SUMS") as file: data = file.read()
    signatures = []
    for name in seals:
        with opened(name) as file: signatures.append(signature(name, file.read(4097)))
    if signatures:
        root, role = roots[0], reporters(roots[0])
        found = tally(root, role, "evidence.v1@airlift", data, signatures, revoked)
        for file, who in sorted(found.signed.items()): proved(f"SHA256SUMS was signed by {who} (evidence.v1@airlift), by {root.name}")
        for file, why in sorted(found.idle.items()): noted(f"{file} does not count: {why}")
        if any(found.met):
            return proved(f"SHA256SUMS: {nearest(root, role, found)} people of the role {role} signed it")
        noted(f"SHA256SUMS: {nearest(root, role, found)} people of the role {role} signed it")
    if not told["-s"]: compare(f"SHA256SUMS is {hexed(data)}: as you were told? Tables, bills of materials and what else nobody signed rest on it")

# ---- the event log: log.md ----

class Log: key, size, found, imports, snapshots, policy, ok = "-", 0, {}, {}, {}, None, False
log = Log()

def note(data, what):                         # a C2SP signed note: size and root, once the log's key is seen to have signed them
    text, _, below = data.decode("utf-8").partition("\n\n")
    name, _, public = log.key.split("+", 2)
    public = base64.b64decode(public, validate=True)
    origin, size, root = text.split("\n")
    need(origin == name and re.fullmatch(NUMBER, size) and len(data) <= 64 << 10 and below.endswith("\n"), f"{what} is no checkpoint of this log")
    wanted, signed = sha(name.encode(), b"\n", public)[:4], []
    for line in below[:-1].split("\n"):
        dash, signer, raw = line.split(" ")
        raw = base64.b64decode(raw, validate=True)
        if signer == name and raw[:4] == wanted: signed.append(raw[4:])
    need(0 < len(signed) <= 64 and all(one and by_log(public[1:], f"{text}\n".encode(), one) for one in signed), f"{what} is not signed by {log.key}")
    return int(size), base64.b64decode(root, validate=True)

def by_log(public, text, signed): return by_openssl(bytes.fromhex("302a300506032b6570032100") + public, "DER", text, signed)

def by_openssl(key, form, text, signed):
    with tempfile.TemporaryDirectory() as place:
        for file, data in (("text", text), ("key", key), ("signature", signed)):
            with open(os.path.join(place, file), "wb") as out: out.write(data)
        return run(f"openssl pkeyutl -verify -rawin -pubin -keyform {form} -inkey key -in text -sigfile signature".split(), cwd=place)

def tree(peaks):                              # RFC 6962, section 2.1
    hashes = [one for _, one in peaks] or [sha(b"")]
    while len(hashes) > 1: hashes[-2:] = [sha(b"\1", *hashes[-2:])]
    return hashes[0]

def push(peaks, line):                        # whole subtrees of equal size become one
    peaks.append((1, sha(b"\0", line)))
    while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
        (size, right), (_, left) = peaks.pop(), peaks.pop()
        peaks.append((2 * size, sha(b"\1", left, right)))

def included(line, index, size, path):        # RFC 6962, section 2.1.1: the root that a proof leads to
    place, last, found = index, size - 1, sha(b"\0", line)
    for one in path:
        need(last > 0, "its proof is too long")
        if place & 1 or place == last:
            found = sha(b"\1", one, found)
            while not place & 1 and place: place, last = place >> 1, last >> 1
        else: found = sha(b"\1", found, one)
        place, last = place >> 1, last >> 1
    need(last == 0, "its proof is too short")
    return found

def receipt(name):
    head, _, rest = read(name, 200 << 10).decode("utf-8").partition("\n\n")
    first, extra, index, *path = head.split("\n")
    need(first == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and re.fullmatch(f"index {NUMBER}", index), "it is no receipt")
    line, index, (size, root) = base64.b64decode(extra[6:], validate=True), int(index[6:]), note(rest.encode(), name)
    need(name.endswith(f"/event-{index}.tlog-proof") and index < size and len(path) <= 63, "it is of another event")
    need(included(line, index, size, [base64.b64decode(one, validate=True) for one in path]) == root, "its proof leads elsewhere")
    return index, line, size, root

def remember(index, event):                   # what later checks ask the log for
    def named(member, what): return [item for item in event[member] if item["what"] == what]
    for item in named("subjects", "snapshot"):
        if "digest" in item: log.snapshots[item["name"]] = item["digest"]
    for item in named("subjects", "policy"): log.policy = item.get("digest", "none")
    for item in named("subjects", "bundle") if event["event"] == "import" else []:
        of = {what: [one.get("digest") or one.get("name") for one in named("evidence", what)] for what in ("root", "review", "approver", "gates")}
        log.imports.setdefault(item["digest"], []).append((index, of))

def check_log():
    log.key = told["-k"] or read("log/verifier-key", 1000).decode("ascii")[:-1]
    need(re.fullmatch(KEY, log.key) and read("log/verifier-key", 1000).decode("ascii") == log.key + "\n", f"log/verifier-key is not {log.key}")
    name, identity, public = log.key.split("+", 2)
    public = base64.b64decode(public)
    need(public[0] == 1 and identity == sha(name.encode(), b"\n", public)[:4].hex(), "its key is none")
    log.size, newest = note(read("log/checkpoint", 64 << 10), "log/checkpoint")
    kept = {name: note(read(name, 64 << 10), name) for name in here(r"log/checkpoints/.*\.note")}
    receipts = {name: receipt(name) for name in here(r"log/receipts/.*")}
    wanted = [(log.size, newest, "its checkpoint")] + [(*at, name) for name, at in kept.items()]
    wanted += [(size, root, name) for name, (_, _, size, root) in receipts.items()]
    need(max(size for size, _, _ in wanted) == log.size, "the log was cut: something here is of a later event")
    lines, peaks, count = {index: (name, line) for name, (index, line, _, _) in receipts.items()}, [], 0
    with opened("log/events.jsonl") as file:
        for line in iter(lambda: file.readline(65538), b""):
            need(count < log.size, f"there is more behind its {log.size} events")
            need(line.endswith(b"\n") and len(line) <= 65537, f"event {count} has no end")
            event = parse(line)
            need(event["index"] == count, f"event {count} is the first bad one: it says it is another event")
            need(event["previous"] == tree(peaks).hex(), f"event {max(count - 1, 0)} is the first bad one: the event after it was written behind another")
            need(lines.get(count, ("", line[:-1]))[1] == line[:-1], f"event {count} is another than {lines.get(count, ('',))[0]} says")
            push(peaks, line[:-1])
            remember(count, event)
            count += 1
            for at, expected, who in wanted:
                need(at != count or tree(peaks) == expected, f"event {count - 1} or one before it is the first bad one: {who} says otherwise")
    need(count == log.size, f"event {count} is the first bad one: it is missing")
    log.ok = True
    proved(f"log: {count} events, each as it was logged, signed by {log.key}")
    if not told["-k"]: compare("the log's key, by which it was checked, stands in log/verifier-key: as you were told?")
    for name, (index, _, _, _) in receipts.items(): proved(f"{name} is the receipt of event {index} of the log")
    check_cosignatures(kept)

def check_cosignatures(kept):
    highest = 0
    for file in here(r"log/cosignatures/.*"):
        with about(file):
            size = file.split("/")[2].split(".")[0]
            text, from_note = f"log/checkpoints/{size}.txt", f"log/checkpoints/{size}.note"
            data, one = read(text), signature(file)
            need(from_note in kept and read(from_note, 64 << 10).startswith(data + b"\n") and data.count(b"\n") == 3, f"{text} is not what {from_note} says")
            holders = [root.keys[one.key][0] for root in roots if one.key in root.keys and root.keys[one.key][0] in root.people("bundle") | root.people("approve")]
            who = (holders + ["somebody"])[0]
            need(one.space == "checkpoint.v1@airlift" and fits(one, who, data), f"it is no signature over {text}")
            reason = said_against(one.key, revoked, "")
            if not holders or reason or (one.flags is not None and not one.flags & 1):
                noted(f"{file} does not count: " + (f"the key of {who} was revoked ({reason})" if reason else "its key may not cosign, or was not touched"))
                continue
            highest = max(highest, int(size))
            proved(f"{text} was signed by {who} (checkpoint.v1@airlift)")
    if highest: proved(f"log: people cosigned it up to {highest} of {log.size} events")
    else: noted("log: nobody cosigned it, so only its own key vouches for it")

# ---- bundles ----

def covers(rule, artifact):
    def fitting(part, segment):
        if "*" not in part: return part == segment
        head, tail = part.split("*", 1)
        return len(segment) >= len(head) + len(tail) and segment.startswith(head) and segment.endswith(tail)
    def matches(scope):
        room, pattern = scope.split(":", 1)
        parts, segments = pattern.split("/"), artifact["name"].split("/")
        if room not in ("*", artifact["ecosystem"]): return False
        if parts[-1] == "**": parts, segments = parts[:-1], segments[:len(parts) - 1] if len(segments) >= len(parts) else [None]
        return len(parts) == len(segments) and all(segment is not None and fitting(part, segment) for part, segment in zip(parts, segments))
    return not rule.get("scopes") or any(matches(scope) for scope in rule["scopes"])

def enough(root, found, lock):                # one rule for the statement, then for each artifact every rule that is about it
    if not any(found.met): return False
    rules = root.rules("bundle")
    if all(found.met) and not all(rule.get("scopes") for rule in rules): return True
    for artifact in parse(read(lock, 256 * MIB))["artifacts"]:
        about_it = [met for rule, met in zip(rules, found.met) if covers(rule, artifact)]
        if not about_it or not all(about_it): return False
    return True

def check_bundle(place):
    """The statement, its lock, and whether enough people signed, by which root."""
    identity, statement, lock = place[8:], f"{place}/bundle.json", f"{place}/lock.json"
    data = read(statement)
    said = parse(data)
    label = f"{said['name']} {said['seq']}"
    need(hexed(data) == identity, "it is the statement of another bundle")
    need(listed.get(lock) == said["files"]["lock.json"]["sha256"], f"{lock} is not the file that {statement} names")
    proved(f"{lock} is the file that {statement} names by its digest")
    signatures = [signature(name) for name in here(rf"{place}/sig/bundle\.{SIGNER}")]
    imports, judged = log.imports.get(identity, []), [root for root in roots if root.rules("bundle")]
    tallies = [(root, spared, tally(root, "bundle", "bundle.v1@airlift", data, signatures, [] if spared else revoked))
               for spared in (False, True) for root in judged]
    root, spared, found = next(((root, spared, found) for root, spared, found in tallies if enough(root, found, lock)), (None, None, None))
    need(root, f"{label} was signed by {nearest(judged[0], 'bundle', tallies[0][2])} people, or not by those who sign for all that is in it")
    for file, who in sorted(found.signed.items()): proved(f"{statement} was signed by {who} (bundle.v1@airlift), by {root.name}")
    for file, why in sorted(found.idle.items()): noted(f"{file} does not count: {why}")
    text = f"{label}: {nearest(root, 'bundle', found)} people signed it who count, by {root.name}"
    by_it = [index for index, of in imports if root.digest in of["root"]]
    if spared:
        if not imports and here("log/.*") and not log.ok: raise Missing("openssl")
        need(imports, f"{label} was signed by keys that were revoked, and the log has no import of it")
        compare(f"{text}; with a key that was revoked since. It was imported as event {imports[0][0]} of the log: before that?")
    elif root is roots[0]: proved(text)
    elif by_it: proved(f"{text}, by which it was imported (event {by_it[0]} of the log)")
    else: compare(f"{text}, which is not the newest: was it the one in force?")
    check_gates(f"{place}/gates.json", imports)
    check_review(place, label, imports, {who for _, who in found.signed.items()})

def check_gates(name, imports):               # what the rules found in the content when it was let in
    if name not in listed: return
    need(parse(read(name, 256 * MIB))["airlift-gates"] == 1, f"{name} is no list of findings")
    found = [of["gates"] for _, of in imports if of["gates"]]
    need(not found or any(listed[name] in one for one in found), f"{name} is not what the log names")
    if found: proved(f"{name} is what the log names with the import")
    else: compare(f"{name} is {listed[name]}, which no event of a log here names: is it what was found at the import?")

def check_review(place, label, imports, signers):
    name, identity, root, logged = f"{place}/review.json", place[8:], roots[0], False
    if name in listed:
        said = parse(read(name, 256 * MIB))
        need(said["bundle"] == identity, f"{name} is of another bundle")
        reviewed = [of["review"] for _, of in imports if of["review"]]
        need(not reviewed or any(listed[name] in one for one in reviewed), f"{name} is not the review that the log names")
        logged = bool(reviewed)
        if logged: proved(f"{name} is the review that the log names with the import")
        if said["policy"] and listed.get("policy.toml") == said["policy"]: proved(f"policy.toml is the file that {name} names by its digest")
        elif said["policy"]: noted(f"{name} was made by another policy than the one here")
        root = next((one for one in roots if one.digest == said["root"]), None)
        need(root, f"{name} was made by a trust root that is not here")
    check_approvals(place, label, imports, signers, root, logged)

def check_approvals(place, label, imports, signers, root, logged):
    review, latest, keys = listed.get(f"{place}/review.json"), {}, set()
    for name in here(rf"{place}/approvals/[0-9]{{2}}\.json"):
        data = read(name, 4096)
        said, signatures = parse(data), [signature(file) for file in here(re.escape(name[:-5]) + rf"/approval\.{SIGNER}")]
        need(said["bundle"] == place[8:] and said["domain"] == root.terms["name"], f"{name} is about another bundle or domain")
        need(signatures, f"{name} is not signed")
        proved(f"{name} names the bundle {label} by its digest")
        for judge in [root] + roots:
            found = tally(judge, "approve", "approve.v1@airlift", data, signatures, revoked, [("bundle", signers)])
            if found.signed: break
        for who in sorted(set(found.signed.values())):
            keys |= {fingerprint(one.key) for one in signatures}
            proved(f"{name} was signed by {who} (approve.v1@airlift), by {judge.name}: {said['decision']}")
            if said["review"] != review: noted(f"{name} is about another review than the one here")
            elif judge is not root: noted(f"{name} counts by {judge.name} only")
            if said["review"] == review and judge is root:
                latest[who] = max(latest.get(who, ("", False, "")), (said["created"], said["decision"] == "refuse", said["decision"]))
        if not found.signed: noted(f"{name} does not count: " + "; ".join(found.idle.values()))
    decided = [decision for _, _, decision in latest.values()]
    for index, of in imports:
        for key in of["approver"]:
            why = "its key was revoked since" if any(entry["key"] == key for entry in revoked) else "why?"
            if key not in keys: compare(f"{label}: event {index} of the log names an approver, {key}, whose decision is not here: {why}")
    for rule in root.rules("approve"):
        count = decided.count("approve")
        text = f"{label}: {count} of {rule['threshold']} people approved what the review shows, by {root.name}"
        if count >= rule["threshold"] and "refuse" not in decided:
            if root is roots[0] or logged: proved(text)
            else: compare(f"{text}, which is not the newest: was it the one in force?")
        elif imports: compare(f"{text}, and it was imported: by which decision?")
        else: noted(text)

def check_installed():
    for name in here(r"installed/.*"):
        number, data = re.search("[0-9]+", name)[0], read(name, 64 * MIB)
        wanted = log.snapshots.get(number)
        need(not wanted or wanted == listed[name], f"{name} is not the list that the log names")
        if wanted: proved(f"{name} is the file that log/events.jsonl names by its digest")
        else: compare(f"{name}: no log here tells of it; is this what was installed?")
        for bundle in parse(data)["bundles"]:
            place = f"bundles/{bundle['bundle']}"
            need(listed.get(f"{place}/lock.json") == bundle["lock"], f"{name} names a bundle that is not here: {bundle['bundle']:.64}")
            proved(f"{place}/bundle.json is named by {name}")

def check_policy():
    if log.policy is None: return
    found = listed.get("policy.toml", "none")
    need(found == log.policy, "policy.toml is not the policy that the log names last")
    proved("policy.toml is the policy that the log names last" if found != "none" else "no policy is in force, as the log says")

# ---- signatures of publishers: policy.md, "Keys of publishers", "Identities of publishers" ----

def matches(patterns, name): return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in patterns)

def known_publishers():                       # keys and identities of the policy by name, each with the file of its key or trusted root
    if "policy.toml" not in listed: return {}
    try: import tomllib
    except ImportError: raise Missing("tomllib in this python3: 3.11 has it")
    policy = tomllib.loads(read("policy.toml").decode("utf-8"))
    deployments = {one["name"]: f"publishers/roots/{hexed(one['json'].encode())}.json" for one in policy.get("trusted-root", [])}
    known = {one["name"]: {**one, "kind": "keyless", "file": deployments[one["trusted-root"]]} for one in policy.get("upstream-identity", [])}
    for one in policy.get("upstream-key", []):
        ending = {"openpgp": "asc", "cosign": "pem"}[one["kind"]]
        known[one["name"]] = {**one, "file": f"publishers/keys/{hexed(one['key'].encode())}.{ending}"}
    return known

verifiers = {}
def without_key(one, who, entries, judge, stamps=()):    # by the reference implementation, where this python3 has it, and by the policy's own root
    try:
        from sigstore.models import TrustedRoot
        from sigstore.verify import Verifier, policy
        from rfc3161_client import decode_timestamp_response
    except ImportError: raise Missing("sigstore in this python3")
    by = one["by"]
    need(by["issuer"] == who["issuer"] and matches(who["identities"], by["identity"]), "it is by nobody whom policy.toml names")
    times = [int(entries[0]["integratedTime"])] if entries[0].get("inclusionPromise") else [   # else the log tells no time, and an authority does
        decode_timestamp_response(base64.b64decode(each["signedTimestamp"])).tst_info.gen_time.timestamp() for each in stamps]
    when = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(each)) for each in times]
    need(by["root"] == who["file"] and by["time"] in when, f"it was made by another root, or entered at another time: {' '.join(when)}")
    try:
        if who["file"] not in verifiers:
            with tempfile.TemporaryDirectory() as place:
                name = os.path.join(place, "root")
                with open(name, "wb") as file: file.write(read(who["file"]))
                verifiers[who["file"]] = Verifier(trusted_root=TrustedRoot.from_file(name))
        issuers = policy.AnyOf([policy.OIDCIssuerV2(by["issuer"]), policy.OIDCIssuer(by["issuer"])])
        return judge(verifiers[who["file"]], policy.AllOf([policy.Identity(identity=by["identity"]), issuers]))
    except (Refused, Missing): raise
    except Exception as why: raise Refused(f"{type(why).__name__}: {why}")

def provenance(row, one, who):                # PEP 740
    try: from pypi_attestations import Attestation, Distribution
    except ImportError: raise Missing("pypi-attestations in this python3")
    found = [each for bundle in json.loads(read(one["in"][0]))["attestation_bundles"] for each in bundle["attestations"]][one["at"]]
    def judge(verifier, identity):
        type(verifier).production = classmethod(lambda cls, *, offline=False: verifier)
        file = Distribution(name=row["subject"]["name"], digest=row["subject"]["sha256"])
        Attestation.model_validate_json(json.dumps(found)).verify(identity, file, offline=True)
    without_key(one, who, found["verification_material"]["transparency_entries"], judge)

def cosign_key(one, who):                     # in PEM, once it is seen to be the one that is said to have signed
    key = read(who["file"])
    der = base64.b64decode(re.search(r"-----BEGIN PUBLIC KEY-----(.*)-----END", key.decode("ascii"), re.S)[1])
    need(one["by"]["fingerprint"] == "sha256:" + hexed(der), "it is said to be by another key")
    return key

def sigstore_bundle(row, one, who):           # protobuf-specs, 0.3: DSSE around in-toto
    data = read(one["in"][0])
    said = json.loads(data)
    envelope, kind = said["dsseEnvelope"], "application/vnd.in-toto+json"
    payload = base64.b64decode(envelope["payload"], validate=True)
    need(envelope["payloadType"] == kind, "it holds no statement")
    if who["kind"] == "keyless":
        def judge(verifier, identity):
            from sigstore.models import Bundle
            return verifier.verify_dsse(Bundle.from_json(data), identity)
        material = said["verificationMaterial"]
        stamps = (material.get("timestampVerificationData") or {}).get("rfc3161Timestamps") or []
        need(without_key(one, who, material["tlogEntries"], judge, stamps) == (kind, payload), "another content was signed")
    else: enveloped(one, who, envelope, kind, payload)
    stated(row, one, who, payload)

def enveloped(one, who, envelope, kind, payload):
    signed, key = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload), cosign_key(one, who)
    need(any(by_openssl(key, "PEM", signed, base64.b64decode(each["sig"])) for each in envelope["signatures"][:16]), "it is not by this key")

def stated(row, one, who, payload):           # about this content; a signature, or an attestation of a type that the policy takes for one, or none of these
    statement = json.loads(payload)
    kind = statement["predicateType"]
    signs = kind == "https://sigstore.dev/cosign/sign/v1" or matches(who.get("attestations", []), kind)
    need(one["signs"] is signs, "it is said to be a signature and is none, or the other way round")
    need(row["subject"]["sha256"] in [each["digest"].get("sha256") for each in statement["subject"]], "it is of another content")

def dsse_envelope(row, one, who):             # cosign's tag .att
    data, manifest = read(one["in"][0]), json.loads(read(one["in"][1], 4 * MIB))
    need(manifest["layers"][one["at"]]["digest"] == "sha256:" + hexed(data), "its manifest lists another envelope")
    if who["kind"] == "keyless": raise Missing("judge here of attestations without a key in envelopes: cosign is one, with the image at hand")
    envelope, kind = json.loads(data), "application/vnd.in-toto+json"
    need(envelope["payloadType"] == kind, "it holds no statement")
    payload = base64.b64decode(envelope["payload"], validate=True)
    enveloped(one, who, envelope, kind, payload)
    stated(row, one, who, payload)

def simple_signing(row, one, who):            # cosign, SIGNATURE_SPEC.md
    payload, manifest = read(one["in"][0]), json.loads(read(one["in"][1], 4 * MIB))
    layer = manifest["layers"][one["at"]]
    need(layer["digest"] == "sha256:" + hexed(payload), "its manifest lists another payload")
    if who["kind"] == "keyless": raise Missing("judge here of simple signing without a key: cosign is one, with the image at hand")
    signed = base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"], validate=True)
    need(by_openssl(cosign_key(one, who), "PEM", payload, signed), "it is not by this key")
    critical = json.loads(payload)["critical"]
    need(critical["type"] == "cosign container image signature", "it is no signature of an image")
    need(critical["image"]["docker-manifest-digest"] == "sha256:" + row["subject"]["sha256"], "it is of another content")
    name, hub = re.sub(r":[^/:]*$", "", critical["identity"]["docker-reference"].split("@")[0]), lambda name: re.sub(r"^index\.docker\.io/", "docker.io/", name)
    need(hub(name) == hub(row["signed-as"]) or matches(who.get("signed-as", []), name), f"it was signed as {name}")

def clear_signed(row, one, who):              # Helm's provenance files: RFC 9580, section 7
    if not shutil.which("gpgv"): raise Missing("gpgv")
    armour = re.search(r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:[^\n]*: [^\n]*\n)*\s*\n(.*?)(?:\n=[^\n]*)?\n-----END PGP", read(who["file"]).decode("ascii"), re.S)
    with tempfile.TemporaryDirectory() as place:
        for file, data in (("ring", base64.b64decode(armour[1])), ("file", read(one["in"][0]))):
            with open(os.path.join(place, file), "wb") as out: out.write(data)
        command = ["gpgv", "--homedir", place, "--keyring", os.path.join(place, "ring"), "--status-fd", "1", "--output", "text", "file"]
        ran = subprocess.run(command, cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
        valid = [line.split() for line in ran.stdout.decode("utf-8", "replace").split("\n") if line.startswith("[GNUPG:] VALIDSIG ")]
        need(any(one["by"]["fingerprint"] in line for line in valid), "it is not by this key")
        with open(os.path.join(place, "text"), "rb") as file: text = file.read(4 * MIB).decode("utf-8").replace("\r\n", "\n")
    lines = [line.strip().rpartition(": ") for line in text.partition("\n...\nfiles:\n")[2].split("\n") if line.startswith(" ")]
    named = [digest.strip("'\"") for name, _, digest in lines if name.strip("'\"") == row["subject"]["name"]]
    need(named == ["sha256:" + row["subject"]["sha256"]], "it is of another content")

FORMS = {"provenance": provenance, "sigstore-bundle": sigstore_bundle, "dsse-envelope": dsse_envelope,
         "simple-signing": simple_signing, "clear-signed": clear_signed}

def check_publishers():
    def offline(*_, **__): raise OSError("nothing here asks a network")
    socket.socket.connect = offline
    place = "publishers/index.json"
    if place not in listed: return noted("there is no list of signatures of publishers in it")
    index, known, used, lacking = parse(read(place, 256 * MIB)), known_publishers(), {place}, {}
    need(index["airlift-publishers"] == 1, "it is of a version that is not known here")
    need(index["policy"] == listed.get("policy.toml"), "it was made by another policy than the one here")
    for name in here(rf"publishers/.*{HEX}.*"): need(re.search(HEX, name)[0] == listed[name], f"{name} is not named by its digest")
    need(set(here("publishers/(?:keys|roots)/.*")) == {who["file"] for who in known.values()}, "keys and roots are others than those of policy.toml")
    need({one["name"]: (one["kind"], one["file"]) for one in index["known"]} == {name: (who["kind"], who["file"]) for name, who in known.items()},
         "it names others than policy.toml")
    if known: proved("publishers/keys and publishers/roots have the keys and trusted roots of policy.toml and no others")
    carried, blobs = {}, set()
    for lock in here(rf"bundles/{HEX}/lock\.json"):
        for artifact in parse(read(lock, 256 * MIB))["artifacts"]:
            blobs.update(blob["sha256"] for blob in artifact["blobs"])
            first = artifact["blobs"][0]
            carried[tuple(artifact[each] for each in ("ecosystem", "name", "version")) + (first.get("name"), first["sha256"])] = artifact
    for row in index["artifacts"]:
        label = f"{row['name']:.200} {row['version']:.200}"
        with about(f"{place}: {label}"):
            artifact = carried.get((row["ecosystem"], row["name"], row["version"], row["subject"]["name"], row["subject"]["sha256"]))
            need(artifact, "it is in no lock here")
            need(row["signed-as"] in (None, artifact["name"], (artifact.get("meta") or {}).get("oci")), "it has another name in the lock")
            for one in row["signatures"]:
                for file, digest in zip(one["in"], one["sha256"]):
                    need(digest in blobs and (file is None or listed.get(file) == digest), f"{digest} is no file of it here")
                    used.add(file)
            check_signatures(row, label, known, lacking)
    for name in sorted(set(here("publishers/[^/]*")) - used): refused(f"{name} is named by no line of {place}")
    for tool, count in sorted(lacking.items()): say("UNCHECKED", f"{count} signatures of publishers: there is no {tool}")
    for word, what in (("valid", ""), ("wrong", "have none that holds by the policy"), ("not-judged", "have some that nobody judged"), ("not-here", "have some that are not here")):
        count = sum(row["judgement"] == word for row in index["artifacts"])
        said = index["count"]
        need(count == said[word] or (count < said[word] and said["not-listed"]), f"its count of artifacts is not right: {word}")
        if count and what: noted(f"signatures of publishers: {count} artifacts {what}")

def check_signatures(row, label, known, lacking):
    valid = [one for one in row["signatures"] if one["judgement"] == "valid"]
    need(any(one["signs"] is True for one in valid) == (row["judgement"] == "valid"), "what is said of it and of its signatures differs")
    for one in valid:
        who, by, file = known.get(one["by"]["name"]), one["by"], one["in"][0]
        need(who and matches(who["artifacts"], f"{row['ecosystem']}/{row['name']}") and who["kind"] == by["kind"], "no such key of policy.toml is for it")
        if None in one["in"]:
            lacking["file of them here"] = lacking.get("file of them here", 0) + 1
            continue
        try: FORMS[one["form"]](row, one, who)
        except Missing as tool: lacking[str(tool)] = lacking.get(str(tool), 0) + 1
        else: proved(f"{file}: {label} was {'signed' if one['signs'] else 'attested'} by {by['name']}, " + (f"{by['identity']}, {by['time']}" if "identity" in by else f"{by['fingerprint']}") + f", by {who['file']}")

def check_index():
    index = parse(read("pack.json", 64 * MIB))
    rest = {name: digest for name, digest in listed.items() if name != "pack.json"}
    need(index["airlift-evidence-pack"] == 1, "it is of a version that is not known here")
    need({file["name"]: file["sha256"] for file in index["content"]} == rest, "it names other files")
    need(index["root"] == roots[0].digest and index["log-key"] == (log.key if log.ok else index["log-key"]), "it names another root or log")

KEY = r"[A-Za-z0-9./_-]{1,100}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{43}[A-Za-z0-9+/=]"
try:
    options, rest = getopt.gnu_getopt(sys.argv[1:], "s:r:k:")
    told = {**dict.fromkeys(("-s", "-r", "-k")), **dict(options)}
    forms = {"-s": HEX, "-r": HEX, "-k": KEY}
    if len(rest) != 1 or not os.path.isdir(rest[0]): raise getopt.GetoptError("name the folder of the pack, and nothing else")
    for option, form in forms.items():
        if told[option] is not None and not re.fullmatch(form, told[option]): raise getopt.GetoptError(f"{option} has a value that cannot be one")
except getopt.GetoptError as why:
    print(f"{why}\nsh check.sh [-s SUMS] [-r ROOT] [-k KEY] FOLDER", file=sys.stderr)
    sys.exit(2)
folder, listed, seals, roots, revoked = rest[0], {}, [], [], []
with about("SHA256SUMS"): check_list()
if counts["REFUSED"]: finish()                # nothing of what was altered is read any further
if not shutil.which("ssh-keygen"):
    say("UNCHECKED", "whatever was signed: there is no ssh-keygen")
    finish()
with about("trust"): check_roots()
if counts["REFUSED"]: finish()                # without a root nobody is anybody
for name in here(r"trust/revoke\..*\.json"):
    with about(name): check_revocation(name)
check_lists()
with about("SHA256SUMS"): check_seals()
if told["-k"] or here("log/.*"):
    with about("log"): check_log()
else: noted("there is no event log in it")
bundles = sorted({"/".join(name.split("/")[:2]) for name in here("bundles/.*")})
if not bundles: refused("there is no bundle in it")
for place in bundles:
    with about(place): check_bundle(place)
with about("installed"): check_installed()
with about("policy.toml"): check_policy()
with about("publishers/index.json"): check_publishers()
with about("pack.json"): check_index()
finish()
PYTHON
