"""judge-attestations.py ROOT ATTESTATION DISTRIBUTION ISSUER IDENTITY: lets the reference implementation of PEP 740 verify an attestation of a
file, by the trusted root in a file and without a network; exit 3 with its words where it refuses."""
import socket
import sys
from pathlib import Path


def offline(*_, **__):
    raise OSError("a judge asks no network")


socket.socket.connect = offline

from pypi_attestations import Attestation, Distribution  # noqa: E402
from sigstore.models import TrustedRoot  # noqa: E402
from sigstore.verify import Verifier, policy  # noqa: E402

root, attestation, distribution, issuer, identity = sys.argv[1:]
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
Verifier.production = classmethod(lambda cls, *, offline=False: verifier)
try:
    known = Attestation.model_validate_json(Path(attestation).read_bytes())
    known.verify(policy.Identity(identity=identity, issuer=issuer), Distribution.from_file(Path(distribution)), offline=True)
except Exception as refusal:
    print(f"{type(refusal).__name__}: {refusal}", file=sys.stderr)
    sys.exit(3)
