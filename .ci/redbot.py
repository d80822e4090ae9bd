#!/usr/bin/env python3
"""Lets REDbot ask a running jsond, and httplint judge more of its answers.

REDbot sends its own requests (conditional, ranged, with codings) around each request below; httplint
reads what raw sockets brought. Warnings are printed; a note of level "bad", or an answer with another
status than the one expected, ends with 1. Usage: redbot.py PATH/TO/jsond, in a Python that has the
packages `redbot` and `httplint`.
"""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from configparser import ConfigParser
from pathlib import Path

# This file has the name of the package it uses; its own folder is not where to look for it.
sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]

import thor
from httplint import HttpRequestLinter, HttpResponseLinter, levels
from redbot.resource import HttpResource

ROOT = Path(__file__).resolve().parent.parent
BOUND_SECONDS = 30

# What is asked: a name, the target, fields, the status. `{tag}` is the target's own entity tag.
ASKED = [
    ("a file", "/students.json", [], 200),
    ("a record", "/students.json/Chan_Jin", [], 200),
    ("a field", "/students.json/Chan_Jin/grade", [], 200),
    ("a file of several KiB", "/large.json", [], 200),
    ("a compressed answer, gzip", "/large.json", [("Accept-Encoding", "gzip")], 200),
    ("a compressed answer, br", "/large.json", [("Accept-Encoding", "br")], 200),
    ("a 304", "/students.json", [("If-None-Match", "{tag}")], 304),
    ("a 304 of a record", "/students.json/Chan_Jin", [("If-None-Match", "{tag}")], 304),
    ("a 304 of a compressed answer", "/large.json", [("Accept-Encoding", "gzip"), ("If-None-Match", "{tag}")], 304),
    ("a range", "/large.json", [("Range", "bytes=0-99")], 206),
    ("a range of a small file", "/students.json", [("Range", "bytes=10-19")], 206),
    ("a range beyond the end", "/students.json", [("Range", "bytes=999999-")], 416),
    ("a 404", "/nothing.json", [], 404),
    ("a 404 below a file", "/students.json/Nobody", [], 404),
    ("the listing", "/", [], 200),
    ("the listing as a page", "/", [("Accept", "text/html")], 200),
    ("CSV", "/students.json", [("Accept", "text/csv")], 200),
    ("NDJSON", "/students.json", [("Accept", "application/x-ndjson")], 200),
    ("a part of a collection", "/large.json?_page=2&_per_page=10", [], 200),
    ("a filter", "/students.json?department=design", [], 200),
    ("an unknown parameter", "/students.json?_nothing=1", [], 400),
    ("the name without .json", "/students", [], 200),
    ("the version", "/_/version", [], 200),
    ("the page of the problems", "/_/docs/problems.md", [], 200),
    ("the metrics", "/_/metrics", [], 200),
]

# What some of these answers have to carry, so that none is judged that is not what its name says.
CARRIED = {
    "a compressed answer, gzip": ("content-encoding", "gzip"),
    "a compressed answer, br": ("content-encoding", "br"),
    "a 304 of a compressed answer": ("vary", "Accept-Encoding"),
    "a range": ("content-range", "bytes 0-99/"),
    "a range of a small file": ("content-range", "bytes 10-19/"),
    "a range beyond the end": ("content-range", "bytes */"),
    "the listing as a page": ("content-type", "text/html"),
    "CSV": ("content-type", "text/csv"),
    "NDJSON": ("content-type", "application/x-ndjson"),
    "a part of a collection": ("link", "next"),
    "two ranges": ("content-type", "multipart/byteranges"),
    "a patch of no known type": ("accept-patch", "application/json-patch+json"),
}

# Notes of level "bad" that are not ours to heed, each with its reason.
KNOWN = {
    # Many new records have many locations; the body names them all.
    ("many records added", "field-location"),
    # In multipart/byteranges the parts have it, and the answer must not (RFC 9110 §15.3.7.2).
    ("two ranges", "field-content-range"),
}

JSON = ("Content-Type", "application/json")
MERGE = ("Content-Type", "application/merge-patch+json")
PATCH = ("Content-Type", "application/json-patch+json")

# More answers for httplint: a name, method, target, fields, body, the status.
TOLD = [
    ("HEAD of a file", "HEAD", "/students.json", [], b"", 200),
    ("HEAD of a large file in gzip", "HEAD", "/large.json", [("Accept-Encoding", "gzip")], b"", 200),
    ("OPTIONS of a file", "OPTIONS", "/students.json", [], b"", 204),
    ("OPTIONS of a field", "OPTIONS", "/students.json/Chan_Jin/grade", [], b"", 204),
    ("OPTIONS of the folder", "OPTIONS", "/", [], b"", 204),
    ("a record created", "PUT", "/students.json/New", [JSON], b'{"grade":"4.0"}', 201),
    ("a record replaced", "PUT", "/students.json/New", [JSON], b'{"grade":"4.1"}', 200),
    ("nothing but the status", "PUT", "/students.json/New", [JSON, ("Prefer", "return=minimal")], b'{"grade":"4"}', 204),
    ("a precondition that failed", "PUT", "/students.json/New", [JSON, ("If-Match", '"0"')], b"1", 412),
    ("a record added", "POST", "/students.json", [JSON], b'{"Newer":{"grade":"4.0"}}', 201),
    ("many records added", "POST", "/classes.json", [JSON], b'[{"title":"A"},{"title":"B"}]', 201),
    ("a merge patch", "PATCH", "/students.json/New", [MERGE], b'{"grade":"3.0"}', 200),
    ("a JSON Patch", "PATCH", "/students.json/New", [PATCH], b'[{"op":"remove","path":"/grade"}]', 200),
    ("a patch of no known type", "PATCH", "/students.json/New", [("Content-Type", "text/csv")], b"a,b\r\n", 415),
    ("a body that is no JSON", "PUT", "/students.json/New", [JSON], b"{", 400),
    ("a method the value does not know", "POST", "/students.json/New/x", [JSON], b"1", 404),
    ("a method that nobody knows", "BREW", "/students.json", [], b"", 501),
    ("a removed record", "DELETE", "/students.json/New", [], b"", 200),
    ("the question", "DELETE", "/students.json", [], b"", 300),
    ("the question as JSON", "POST", "/students.json", [("Accept", "application/json")], b"", 300),
    ("a folder without its slash", "GET", "/folder", [], b"", 308),
    ("no media type that suits", "GET", "/students.json", [("Accept", "image/png")], b"", 406),
    ("two ranges", "GET", "/large.json", [("Range", "bytes=0-9,100-109")], b"", 206),
    ("a JSONPath query", "QUERY", "/students.json", [("Content-Type", "application/jsonpath")], b"$..grade", 200),
]


class Server:
    """A jsond on a copy of the school, with a file that is worth compressing."""

    def __init__(self, program, folder):
        shutil.copytree(ROOT / "examples" / "school", folder / "school")
        records = [{"id": n, "name": f"name {n}", "text": "the same words again"} for n in range(200)]
        (folder / "school" / "large.json").write_text(json.dumps(records, indent="\t") + "\n")
        (folder / "school" / "folder").mkdir()
        (folder / "school" / "folder" / "inner.json").write_text("{}\n")
        port_file = folder / "port"
        arguments = [program, "serve", folder / "school", "--port", "0", "--port-file", port_file, "--lang", "en"]
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        bound = time.monotonic() + BOUND_SECONDS
        while not (port_file.exists() and port_file.read_text().endswith("\n")):
            if self.process.poll() is not None or time.monotonic() > bound:
                sys.exit("jsond did not start")
            time.sleep(0.02)
        self.port = int(port_file.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(BOUND_SECONDS)


def exchange(port, method, target, fields, body=b""):
    """One request on a connection of its own: status line, fields and content as they came."""
    fields = [("Host", f"127.0.0.1:{port}"), ("Connection", "close"), ("User-Agent", "jsond-ci"), *fields]
    if body:
        fields.append(("Content-Length", str(len(body))))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    with socket.create_connection(("127.0.0.1", port), timeout=BOUND_SECONDS) as peer:
        peer.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        data = b""
        while piece := peer.recv(65536):
            data += piece
    head, _, content = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    version, status, phrase = re.fullmatch(rb"HTTP/(\d\.\d) (\d{3}) (.*)", first).groups()
    pairs = [tuple(part.strip() if place else part for place, part in enumerate(line.split(b":", 1))) for line in lines]
    return version, status, phrase, pairs, content


def own_tag(port, target, fields):
    """The entity tag that the target has for these fields."""
    fields = [field for field in fields if field[0] != "If-None-Match"]
    pairs = exchange(port, "GET", target, fields)[3]
    tags = [value.decode() for name, value in pairs if name.lower() == b"etag"]
    return tags[0] if tags else '"none"'


def lint(port, method, target, fields, body):
    """The status of one exchange, what httplint says of it, and its fields."""
    request = HttpRequestLinter(start_time=time.time())
    uri = f"http://127.0.0.1:{port}{target}"
    request.process_request_topline(method.encode(), uri.encode(), b"1.1")
    request.process_headers([(name.encode(), value.encode()) for name, value in [("User-Agent", "jsond-ci"), *fields]])
    request.feed_content(body)
    request.finish_content(True)
    version, status, phrase, pairs, content = exchange(port, method, target, fields, body)
    response = HttpResponseLinter(start_time=time.time())
    response.request = request
    response.base_uri = uri
    response.is_head_response = method == "HEAD"
    response.process_response_topline(version, status, phrase)
    response.process_headers(pairs)
    response.feed_content(content)
    response.finish_content(True)
    return int(status), list(response.notes), pairs


def ask_all(asked, then):
    """REDbot's notes and the first status for each (name, url, fields, status), in turn."""
    config = ConfigParser()
    config.read_dict({"redbot": {"enable_local_access": "True"}})
    rest = list(asked)

    def ask_next():
        if not rest:
            thor.stop()
            return
        name, url, fields, expected = rest.pop(0)
        resource = HttpResource(config["redbot"])
        resource.set_request(url, headers=fields)

        def done():
            if resource.fetch_error:
                sys.exit(f"REDbot could not read {name}: {resource.fetch_error!r}")
            notes = list(resource.response.notes)
            for check in resource.subreqs.values():
                notes.extend(check.response.notes)
            then(f"{name} (REDbot)", expected, resource.response.status_code, notes)
            thor.schedule(0, ask_next)

        resource.once("check_done", done)
        resource.check()

    # One loop for all: connections that are kept do not outlive the loop they belong to.
    thor.schedule(0, ask_next)
    thor.run()


def spread(notes):
    """Notes and the notes below them, each sentence once."""
    seen = {}
    for note in notes:
        seen.setdefault((note.level, note.subject, str(note.summary)), None)
        for level, subject, text in spread(getattr(note, "subnotes", [])):
            seen.setdefault((level, subject, text), None)
    return list(seen)


class Verdict:
    """Prints what was found, and counts what is a fault."""

    def __init__(self):
        self.faults = 0
        self.warnings = 0

    def judge(self, name, expected, status, notes):
        self.judge_carried(name, expected, status, notes, None)

    def judge_carried(self, name, expected, status, notes, fields):
        found = spread(notes)
        faults = [f"{expected} was expected"] if status != expected else []
        faults += [f"bad: {text} [{subject}]" for level, subject, text in found if self.is_bad(name, level, subject)]
        faults += missing(name, fields) if fields is not None else []
        warnings = [f"warning: {text} [{subject}]" for level, subject, text in found if level == levels.WARN]
        print(f"{'FAULT' if faults else 'ok   '} {name}: {status}, {len(found)} notes")
        for line in faults + warnings:
            print(f"      {line}")
        self.faults += len(faults)
        self.warnings += len(warnings)

    def is_bad(self, name, level, subject):
        return level == levels.BAD and (name, subject) not in KNOWN


def missing(name, fields):
    """What the answer should carry and does not."""
    field, value = CARRIED.get(name, (None, ""))
    values = [text.decode() for key, text in fields if key.lower().decode() == field]
    return [] if field is None or any(value in text for text in values) else [f"no {field} with {value}: {values}"]


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory(prefix="jsond-redbot-") as folder:
        server = Server(sys.argv[1], Path(folder))
        try:
            asked = []
            for name, target, fields, expected in ASKED:
                tag = own_tag(server.port, target, fields)
                fields = [(field, value.replace("{tag}", tag)) for field, value in fields]
                asked.append((name, f"http://127.0.0.1:{server.port}{target}", fields, expected))
                verdict.judge_carried(name, expected, *lint(server.port, "GET", target, fields, b""))
            ask_all(asked, verdict.judge)
            for name, method, target, fields, body, expected in TOLD:
                verdict.judge_carried(name, expected, *lint(server.port, method, target, fields, body))
        finally:
            server.stop()
    print(f"{verdict.faults} faults, {verdict.warnings} warnings")
    sys.exit(1 if verdict.faults else 0)


if __name__ == "__main__":
    main()
