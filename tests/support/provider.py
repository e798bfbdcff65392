"""A stand-in for an identity provider: its keys, tokens and pages are real, its people are whoever is asked for.

It signs people in with the authorization code flow, and gives a token for a code once, to whoever shows the verifier
that the challenge was made of (S256), as RFC 7636 says.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
CLIENT = "rehearsal-pages"


@dataclass
class StandIn:
    """A provider: its address, the keys it shows, what it was asked for, and the codes it gave."""

    issuer: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    jwks_uri: str | None = None
    redirects: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    secret: str = ""

    def document(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "jwks_uri": self.jwks_uri or f"{self.issuer}/jwks",
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
            }
        return {"keys": [_public(kid, key) for kid, key in self.keys.items()]}

    def authorize(self, query: str) -> str:
        """The page where somebody agrees; its link leads back with a code."""
        asked = dict(parse_qsl(query))
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        return f"<!doctype html><title>Sign in</title><h1>Sign in</h1><a href='{escape(back)}'>Go on as anna</a>"

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens for a code; None when it is not taken."""
        begun = self.codes.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        if begun is None or begun["code_challenge"] != challenge or form.get("grant_type") != "authorization_code":
            return None
        if any(begun[name] != form.get(name) for name in ("redirect_uri", "client_id")):
            return None
        if self.secret and authorization != basic:
            return None
        return {"access_token": "opaque", "id_token": self.token(), "token_type": "Bearer", "expires_in": 300}

    def token(self, kid: str = "rsa-1", key: Any = RSA, algorithm: str = "RS256", **changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "rehearsal", "sub": "anna", "iat": now, "exp": now + 300}
        claims |= {"tenant": "acme", "roles": ["researcher"]} | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm, headers={"kid": kid, "jku": f"{self.issuer}/evil"})


def _public(kid: str, key: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    shown = {"kid": kid, "use": "sig", "alg": "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"}
    return json.loads(algorithm.to_jwk(key.public_key())) | shown


@contextmanager
def provider_on_a_socket() -> Iterator[StandIn]:
    """The provider, answering."""
    stand_in = StandIn(keys={"rsa-1": RSA, "ec-1": CURVE})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stand_in.asked.append(self.path)
            url = urlsplit(self.path)
            if url.path == "/authorize":
                self._answer(200, "text/html", stand_in.authorize(url.query))
                return
            self._answer(302 if stand_in.redirects else 200, "application/json", stand_in.document(self.path))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            one = {name: values[0] for name, values in form.items()}
            tokens = stand_in.redeem(one, self.headers.get("authorization", ""))
            self._answer(200 if tokens else 400, "application/json", tokens or {"error": "invalid_grant"})

        def _answer(self, status: int, kind: str, body: str | dict[str, Any]) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write((body if isinstance(body, str) else json.dumps(body)).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
