"""How a client makes sure that it speaks with the right NATS server, and shows who it is itself."""

import ssl
from pathlib import Path
from typing import NamedTuple


class Tls(NamedTuple):
    """Files in PEM. Without `authority` the system's authorities are believed, for URLs that begin with tls://."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext | None:
        """None when nothing is set. Raises `OSError` for files that cannot be read, `ssl.SSLError` for others."""
        if not any(self):
            return None
        context = ssl.create_default_context(cafile=self.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context
