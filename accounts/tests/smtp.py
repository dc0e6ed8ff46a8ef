"""A mail server of one's own, which answers as it is told: takes letters, refuses them, or says nothing at all."""

import socketserver
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    """`letters` are those it took. Its `mood`: well, silent, closing (421), later (451), never (550) or slow."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.mood = "well"
        self.delay = 0.0
        self.calls = 0
        self.ended = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def stop(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.calls += 1
        mood = self.server.mood
        if mood == "silent":
            self.server.ended.wait(60)
            return
        if mood == "slow":
            time.sleep(self.server.delay)
        if mood == "closing":
            self.say("421 closing")
            return
        self.say("220 here")
        try:
            self.talk(mood)
        except ConnectionError:
            return

    def talk(self, mood: str) -> None:
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"RCPT" and mood in ("later", "never"):
                self.say("451 later" if mood == "later" else "550 never")
            elif word == b"DATA":
                self.say("354 go on")
                self.server.letters.append(self.letter())
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def letter(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
