"""A TCP proxy before the broker that knows Kafka's frames and can lose answers.

Clients that bootstrap through it stay with it: in answers the broker's own port is replaced.
"""
import socket
import struct
import threading

END_TRANSACTION = 26


class Proxy:
    """`lose_answers(api_key)`: until heal() the answers to such requests are lost, and all that
    follow on their connection, while the requests themselves have reached the broker.
    `lose_requests`: they do not reach it."""

    def __init__(self, broker_port):
        self.broker_port = broker_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heal()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answers(self, api_key):
        self.unanswered = api_key

    def lose_requests(self, api_key):
        self.unheard = api_key

    def heal(self):
        self.unanswered = self.unheard = None

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                broker = socket.create_connection(("127.0.0.1", self.broker_port))
            except OSError:
                client.close()
                continue
            state = {"apis": {}, "deaf": False}
            threading.Thread(target=self._requests, args=(client, broker, state),
                             daemon=True).start()
            threading.Thread(target=self._answers, args=(client, broker, state),
                             daemon=True).start()

    @staticmethod
    def _frame(source):
        head = b""
        while len(head) < 4:
            part = source.recv(4 - len(head))
            if not part:
                return None
            head += part
        left = struct.unpack(">i", head)[0]
        parts = [head]
        while left > 0:
            part = source.recv(min(left, 1 << 16))
            if not part:
                return None
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    @staticmethod
    def _close(*sockets):
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _requests(self, client, broker, state):
        try:
            while frame := self._frame(client):
                api_key, _, correlation = struct.unpack(">hhi", frame[4:12])
                state["apis"][correlation] = api_key
                if api_key == self.unheard:
                    state["deaf"] = True
                else:
                    broker.sendall(frame)
        except OSError:
            pass
        self._close(client, broker)

    def _answers(self, client, broker, state):
        # Both ways in which an address is written: a string of 16 bits' length, a compact one.
        before = b"127.0.0.1" + struct.pack(">i", self.broker_port)
        after = b"127.0.0.1" + struct.pack(">i", self.port)
        try:
            while frame := self._frame(broker):
                api_key = state["apis"].pop(struct.unpack(">i", frame[4:8])[0], None)
                if api_key is not None and api_key == self.unanswered:
                    state["deaf"] = True
                if not state["deaf"]:
                    client.sendall(frame.replace(before, after))
        except OSError:
            pass
        self._close(client, broker)
