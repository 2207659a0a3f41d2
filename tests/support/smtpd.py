"""A mail server for the tests (aiosmtpd). Mails lie in the folder, in the order in which they were accepted; who they are for decides:
later@ is refused for now, never@ for good, dies@ is accepted and never answered."""

import os
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

folder, port, login = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "later":
            return "451 come again"
        if name == "never":
            return "550 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = len([name for name in os.listdir(folder) if name.endswith(".eml")]) + 1
        path = os.path.join(folder, "%03d.eml" % number)
        with open(path + ".part", "wb") as file:
            file.write(("To: %s\r\n" % ", ".join(envelope.rcpt_tos)).encode() + envelope.content)
        os.rename(path + ".part", path)
        if any(address.startswith("dies@") for address in envelope.rcpt_tos):
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"shop" and data.password in (b"secret", b"Zk7q-smtp-p@ss")
    # Not handled: the server itself answers 535.
    return AuthResult(success=good, handled=good)


options = {}
if login != "open":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    options = {"auth_required": True, "authenticator": authenticate}
if login == "starttls":
    options |= {"tls_context": context, "require_starttls": True}
elif login == "tls":
    # The server itself does not see that the line is safe already.
    options |= {"ssl_context": context, "auth_require_tls": False}
controller = Controller(Handler(), hostname="127.0.0.1", port=port, **options)
controller.start()
threading.Event().wait()
