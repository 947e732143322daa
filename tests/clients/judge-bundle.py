"""judge-bundle.py ROOT BUNDLE ISSUER IDENTITY: lets sigstore's library verify a bundle around an envelope, by the trusted root in a file and without a
network; exit 3 with its words where it refuses."""
import socket
import sys
from pathlib import Path


def offline(*_, **__):
    raise OSError("a judge asks no network")


socket.socket.connect = offline

from sigstore.models import Bundle, TrustedRoot  # noqa: E402
from sigstore.verify import Verifier, policy  # noqa: E402

root, bundle, issuer, identity = sys.argv[1:]
try:
    verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
    known = Bundle.from_json(Path(bundle).read_bytes())
    kind, payload = verifier.verify_dsse(known, policy.AllOf([policy.OIDCIssuerV2(issuer), policy.Identity(identity=identity)]))
    print(kind, payload.decode())
except Exception as refusal:
    print(f"{type(refusal).__name__}: {refusal}", file=sys.stderr)
    sys.exit(3)
