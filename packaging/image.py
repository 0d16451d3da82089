"""Makes an OCI image of a static binary and the certificate authorities: no shell, no other program, no distribution below it.

The same binary gives the same bytes: entries are dated by SOURCE_DATE_EPOCH and stand in a fixed order.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import tarfile
from datetime import datetime, timezone
from pathlib import Path

USER = 65532
"""Nobody's number on common systems, and what images without root use by custom."""
NAMES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What OCI calls an architecture, by what Rust calls it."""
SECOND = 1_000_000_000
"""Spans of a health check are in nanoseconds."""


def entry(name: str, mode: int, owner: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """The head of a file, or of a directory, within a tar."""
    info = tarfile.TarInfo(name)
    info.mode, info.uid, info.gid, info.type = mode, owner, owner, kind
    info.mtime = int(os.environ["SOURCE_DATE_EPOCH"])
    return info


def tar(entries: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A tar of those entries, in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for info, content in entries:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def root(binary: bytes, authorities: bytes) -> bytes:
    """The file system of the image."""

    def folder(name: str, mode: int = 0o755, owner: int = 0) -> tuple[tarfile.TarInfo, bytes]:
        return entry(name, mode, owner, tarfile.DIRTYPE), b""

    return tar([
        # A volume takes its owner and mode from here when it is first used.
        folder("data", 0o700, USER),
        folder("etc"),
        folder("etc/ssl"),
        folder("etc/ssl/certs"),
        (entry("etc/ssl/certs/ca-certificates.crt", 0o644), authorities),
        folder("tmp", 0o1777),
        folder("usr"),
        folder("usr/bin"),
        (entry("usr/bin/plazo", 0o755), binary),
    ])


def configuration(version: str, machine: str, layer: bytes, created: str) -> dict[str, object]:
    """How the image is run, and of what it consists."""
    return {
        "created": created,
        "architecture": NAMES[machine],
        "os": "linux",
        "config": {
            "User": f"{USER}:{USER}",
            "Env": ["PATH=/usr/bin", "PLAZO_CONFIG=/data/sla.toml", "PLAZO_DATA=/data/store"],
            "Entrypoint": ["/usr/bin/plazo"],
            "Cmd": ["run"],
            "WorkingDir": "/data",
            "Volumes": {"/data": {}},
            "ExposedPorts": {"8787/tcp": {}},
            "StopSignal": "SIGTERM",
            # Fails when the daemon does not answer. `plazo status` would also fail for a mail that no server takes, which no restart mends.
            "Healthcheck": {
                "Test": ["CMD", "/usr/bin/plazo", "queue", "--limit", "1"],
                "Interval": 30 * SECOND,
                "Timeout": 10 * SECOND,
                "StartPeriod": 60 * SECOND,
                "Retries": 3,
            },
            "Labels": {
                "org.opencontainers.image.title": "plazo",
                "org.opencontainers.image.version": version,
                "org.opencontainers.image.licenses": "Apache-2.0 OR MIT",
            },
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": created, "created_by": "packaging/image.py"}],
    }


class Layout:
    """An image layout that is being filled: blobs by their digest."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    @staticmethod
    def place(described: dict[str, object]) -> str:
        """Where a blob lies."""
        return str(described["digest"]).replace("sha256:", "blobs/sha256/")

    def add(self, kind: str, content: bytes) -> dict[str, object]:
        """Adds a blob, and gives what refers to it."""
        digest = hashlib.sha256(content).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", type=Path)
    parser.add_argument("authorities", type=Path)
    parser.add_argument("version")
    parser.add_argument("machine", choices=NAMES)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()

    created = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    layer = root(args.binary.read_bytes(), args.authorities.read_bytes())
    config = configuration(args.version, args.machine, layer, created)

    layout = Layout()
    described = layout.add("config.v1+json", json.dumps(config).encode())
    packed = layout.add("layer.v1.tar+gzip", gzip.compress(layer, mtime=0))
    document = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described,
        "layers": [packed],
    }
    manifest = layout.add("manifest.v1+json", json.dumps(document).encode())
    # A name of this machine alone, so that nobody asks elsewhere for it.
    name = f"localhost/plazo:{args.version}"
    manifest["annotations"] = {"org.opencontainers.image.ref.name": args.version, "io.containerd.image.name": name}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest]}
    layout.files["index.json"] = json.dumps(index).encode()
    # The same in the words of `docker load`, which does not read the layout everywhere.
    archive = {"Config": layout.place(described), "RepoTags": [name], "Layers": [layout.place(packed)]}
    layout.files["manifest.json"] = json.dumps([archive]).encode()
    args.out.write_bytes(tar([(entry(name, 0o644), content) for name, content in sorted(layout.files.items())]))


if __name__ == "__main__":
    main()
