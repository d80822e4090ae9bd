#!/usr/bin/env python3
"""Captures exchanges of both doors on the loopback interface and lets tshark dissect them.

Fails when a frame of the server is malformed or carries an expert error, or when the statuses that
tshark found on a connection are not those the client read there. Usage: dissect.py PATH/TO/jsond
"""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOUND_SECONDS = 30


class Recorder:
    """Keeps what crossed the sockets, for machines on which nobody may capture."""

    def __init__(self):
        self.packets = []

    def add(self, source, target, sequence, acknowledged, data, flags=0x18):
        tcp = struct.pack("!HHIIBBHHH", source, target, sequence, acknowledged, 0x50, flags, 65535, 0, 0)
        length = 20 + len(tcp) + len(data)
        address = socket.inet_aton("127.0.0.1")
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 6, 0, address, address)
        self.packets.append((time.time(), ip + tcp + data))

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
            for moment, packet in self.packets:
                seconds, fraction = int(moment), int(moment % 1 * 1e6)
                file.write(struct.pack("!IIII", seconds, fraction, len(packet), len(packet)) + packet)


RECORDER = Recorder()


def packets_of(data):
    """Cuts bytes into what fits into one packet."""
    return [data[start : start + 32768] for start in range(0, len(data), 32768)]


class Exchange:
    """One connection: sends pieces, reads whole responses, remembers the statuses."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=BOUND_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server, self.client = port, self.socket.getsockname()[1]
        self.sent, self.received = 1, 1
        self.buffer = b""
        self.statuses = []
        RECORDER.add(self.client, self.server, 0, 0, b"", 0x02)
        RECORDER.add(self.server, self.client, 0, 1, b"", 0x12)
        RECORDER.add(self.client, self.server, 1, 1, b"", 0x10)

    def send(self, data):
        data = data.encode() if isinstance(data, str) else data
        for part in packets_of(data):
            RECORDER.add(self.client, self.server, self.sent, self.received, part)
            self.sent += len(part)
        self.socket.sendall(data)

    def send_byte_by_byte(self, text):
        for byte in text.encode():
            self.send(bytes([byte]))

    def fill(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise SystemExit(f"closed early, after {self.buffer!r}")
        for part in packets_of(piece):
            RECORDER.add(self.server, self.client, self.received, self.sent, part)
            self.received += len(part)
        self.buffer += piece

    def read(self, expected, has_body=True):
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        status = int(head[9:12])
        if status != expected:
            raise SystemExit(f"expected {expected}, not {head.decode()}")
        self.statuses.append(status)
        match = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        length = int(match.group(1)) if match and has_body and status != 304 else 0
        while len(self.buffer) < length:
            self.fill()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return head.decode(), body

    def close(self):
        self.socket.close()


def request(method, target, body=None, *fields):
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body.encode())}")
    return "\r\n".join(lines) + "\r\n\r\n" + (body or "")


def dialogues(port):
    """Every row of the dialogue, as students send it, whole and byte by byte."""
    steps = [
        ("GET students.json", "", [200]),
        ("HEAD students.json", "", [200]),
        ("GET nothing.json", "", [404]),
        ("POST students.json", "Seung_Hyun 20213100 4.3 software", [300, 201]),
        ("POST students.json", "Seung_Hyun 20213100 4.3 software", [300, 409]),
        ("POST students.json", "too few", [300, 400]),
        ("PUT students.json", "Seung_Hyun grade 4.5", [300, 200]),
        ("PUT students.json", "Nobody grade 4.5", [300, 400]),
        ("GIVE students.json", "", [400]),
        ("HELLO", "", [400]),
        ("GET students.json/Da_Eun", "", [200]),
        ("GET broken.json", "", [400]),
        ("DELETE students.json", "Seung_Hyun", [300, 200]),
        ("DELETE students.json", "Seung_Hyun", [300, 400]),
    ]
    for version in ["", " HTTP/1.1"]:
        for end in ["\r\n\r\n", "\n\n", "\r\nHost: x\r\n\n\n"]:
            for by_byte in [False, True]:
                for line, answer, statuses in steps:
                    exchange = Exchange(port)
                    send = exchange.send_byte_by_byte if by_byte else exchange.send
                    send(line + version + end)
                    exchange.read(statuses[0], not line.startswith("HEAD"))
                    if len(statuses) > 1:
                        exchange.send(answer)
                        exchange.read(statuses[1])
                    yield exchange


def http_exchanges(port):
    """Both directions of the HTTP door: every kind of reply, keep-alive and pipelined."""
    json = "Content-Type: application/json"
    exchange = Exchange(port)
    head, _ = (exchange.send(request("GET", "/students.json")), exchange.read(200))[1]
    tag = re.search(r"(?i)etag: (.*)", head).group(1).strip()
    for text, status in [
        (request("GET", "/students.json", None, f"If-None-Match: {tag}"), 304),
        (request("GET", "/"), 200),
        (request("GET", "/missing.json"), 404),
        (request("PUT", "/students.json/Ann", '{"grade":"4"}', json), 201),
        (request("PUT", "/students.json/Ann/grade", '"5"', json), 200),
        (request("PUT", "/students.json/Ann/grade", '"6"', json, "Prefer: return=minimal"), 204),
        (request("PUT", "/students.json/Ann/grade", '"7"', json, 'If-Match: "x"'), 412),
        (request("PUT", "/students.json/Ann", "{", json), 400),
        (request("PUT", "/students.json/Ann", "<a/>", "Content-Type: text/xml"), 415),
        (request("POST", "/students.json", '{"Ann":{}}', json), 409),
        (request("POST", "/students.json"), 300),
        (request("POST", "/students.json", None, "Accept: application/json"), 300),
        (request("POST", "/students.json", "Ben 1 2 3", "Content-Type: text/plain"), 201),
        (request("POST", "/students.json/Ann/grade", "1", json), 405),
        (request("BREW", "/students.json"), 501),
        (request("OPTIONS", "/students.json"), 204),
        (request("GET", "/broken.json"), 500),
        (request("GET", "/_/version"), 200),
        (request("DELETE", "/students.json"), 300),
        (request("DELETE", "/students.json/Ann"), 200),
        (request("DELETE", "/students.json/Ben"), 200),
    ]:
        exchange.send(text)
        exchange.read(status)
    exchange.send(request("HEAD", "/students.json"))
    exchange.read(200, has_body=False)
    chunks = "3\r\n4.5\r\n0\r\n\r\n"
    exchange.send(request("PUT", "/students.json/Da_Eun/grade", None, json, "Transfer-Encoding: chunked") + chunks)
    exchange.read(200)
    yield exchange
    pipeline = Exchange(port)
    get = request("GET", "/students.json/Da_Eun/grade")
    pipeline.send(get * 7 + request("PUT", "/students.json/Da_Eun/grade", '"3.9"', json) + get * 8)
    for _ in range(16):
        pipeline.read(200)
    yield pipeline
    for refused, status in [
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (request("PUT", "/x.json", None, json, "Content-Length: 99999999"), 413),
        ("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (request("GET", "/", None, "X: " + "y" * 70000), 431),
    ]:
        exchange = Exchange(port)
        exchange.send(refused)
        exchange.read(status)
        yield exchange


def wait_until(what, probe):
    start = time.monotonic()
    while time.monotonic() - start < BOUND_SECONDS:
        found = probe()
        if found:
            return found
        time.sleep(0.02)
    raise SystemExit(f"not within {BOUND_SECONDS} s: {what}")


def start_server(program, folder, scratch):
    port_file = scratch / "port"
    command = [program, "serve", str(folder), "--port", "0", "--port-file", str(port_file), "--lang", "en"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    read = lambda: port_file.exists() and port_file.read_text().endswith("\n") and port_file.read_text()
    return server, int(wait_until("the port file", read))


def start_capture(port, path, scratch):
    """Starts tshark on the loopback interface; nothing where that is not allowed."""
    log = scratch / "tshark.log"
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*prefix, "tshark", "-i", "lo", "-B", "64", "-f", f"tcp port {port}", "-w", str(path)]
    capture = subprocess.Popen(command, stderr=log.open("w"), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    ready = lambda: capture.poll() is not None or "Capturing on" in log.read_text()
    wait_until("tshark captures", ready)
    time.sleep(0.5)  # It says so a moment before it is so.
    if capture.poll() is not None:
        print(f"NO LIVE CAPTURE here ({log.read_text().strip()}); dissecting what the client recorded")
        return None
    return capture


def tshark(path, port, *words):
    command = ["tshark", "-r", str(path), "-d", f"tcp.port=={port},http", *words]
    result = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return result.stdout


def statuses_by_client(path, port):
    fields = ["-T", "fields", "-e", "tcp.dstport", "-e", "http.response.code", "-E", "occurrence=a"]
    shown = tshark(path, port, "-Y", f"http.response and tcp.srcport=={port}", *fields)
    found = {}
    for line in shown.splitlines():
        client, codes = line.split("\t")
        found.setdefault(int(client), []).extend(int(code) for code in codes.split(","))
    return found


def judge(path, port, exchanges):
    error = "_ws.malformed or _ws.expert.severity == error or _ws.expert.group == malformed"
    faults = tshark(path, port, "-Y", f"tcp.srcport=={port} and ({error})", "-V")
    if faults:
        raise SystemExit(f"malformed:\n{faults[:20000]}")
    found = statuses_by_client(path, port)
    wrong = [
        f"connection {exchange.client}: read {exchange.statuses}, dissected {found.get(exchange.client)}"
        for exchange in exchanges
        if found.get(exchange.client) != exchange.statuses
    ]
    if wrong:
        raise SystemExit("\n".join(wrong))
    return sum(len(codes) for codes in found.values())


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="jsond-wire-") as name:
        scratch = Path(name)
        folder = scratch / "school"
        folder.mkdir()
        shutil.copy(ROOT / "examples/school/students.json", folder)
        (folder / "broken.json").write_text('{"a":')
        server, port = start_server(program, folder, scratch)
        path = scratch / "wire.pcap"
        try:
            capture = start_capture(port, path, scratch)
            exchanges = [*dialogues(port), *http_exchanges(port)]
            for exchange in exchanges:
                exchange.close()
            made = sum(len(exchange.statuses) for exchange in exchanges)
            if capture:
                time.sleep(1)
                capture.send_signal(signal.SIGINT)
                capture.wait(BOUND_SECONDS)
            else:
                RECORDER.write(path)
            count = judge(path, port, exchanges)
        finally:
            server.terminate()
            server.wait(BOUND_SECONDS)
    print(f"{count} responses on {len(exchanges)} connections dissected, none malformed")


if __name__ == "__main__":
    main()
