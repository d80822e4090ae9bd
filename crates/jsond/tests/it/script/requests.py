#!/usr/bin/env python3
"""Thirty steps that a person with Python requests takes. Usage: requests.py http://HOST:PORT

Begins with the folder of examples/school. Prints `ok N what` for each step, and ends with 1 and one
clear line at the first answer that is not the expected one.
"""

import sys
from pathlib import Path

# This file has the name of the package it uses; its own folder is not where to look for it.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

import csv
import io
import json

import requests

BASE = sys.argv[1].rstrip("/")
STUDENTS = BASE + "/students.json"
CLASSES = BASE + "/classes.json"
MERGE = {"Content-Type": "application/merge-patch+json"}
PATCH = {"Content-Type": "application/json-patch+json"}
session = requests.Session()
session.trust_env = False
steps = 0


def step(what, condition, answer):
    """Counts a step that went as expected, or says what came instead."""
    global steps
    steps += 1
    if not condition:
        shown = f"{answer.status_code} {dict(answer.headers)} {answer.text[:500]!r}"
        sys.exit(f"FAILED {steps} {what}: {answer.request.method} {answer.request.url}: {shown}")
    print(f"ok {steps} {what}")


def is_problem(answer, status):
    """Whether the answer is a whole problem detail with this status."""
    if answer.status_code != status or answer.headers["Content-Type"] != "application/problem+json":
        return False
    problem = answer.json()
    return problem["status"] == status and all(problem.get(name) for name in ("type", "title", "detail"))


# Reading.
r = session.get(STUDENTS)
step("read a file", r.status_code == 200 and list(r.json()) == ["Chan_Jin", "Da_Eun", "So_Jeong"], r)
tag = r.headers["ETag"]
r = session.get(STUDENTS, headers={"If-None-Match": tag})
step("304 for a known tag", r.status_code == 304 and r.content == b"" and r.headers["ETag"] == tag, r)
r = session.head(STUDENTS)
step("HEAD", r.status_code == 200 and r.content == b"" and int(r.headers["Content-Length"]) > 100, r)
r = session.options(STUDENTS + "/Da_Eun")
allowed = set(r.headers.get("Allow", "").replace(" ", "").split(","))
step("OPTIONS", r.status_code == 204 and {"GET", "HEAD", "PUT", "PATCH", "DELETE"} <= allowed, r)
r = session.get(STUDENTS + "/Da_Eun/grade")
step("read a field", r.json() == "3.9", r)

# Creating and changing.
r = session.put(STUDENTS + "/Kim Minsu", json={"student_number": "20220001", "grade": "3.5", "department": "software"})
step("PUT a record", r.status_code == 201 and r.headers["Location"] == "/students.json/Kim%20Minsu", r)
r = session.post(STUDENTS, json={"Seung_Hyun": {"grade": "4.3"}})
step("POST a record", r.status_code == 201 and r.headers["Location"] == "/students.json/Seung_Hyun", r)
r = session.post(CLASSES, json=[{"title": "Graphs", "seats": 10}, {"title": "Logic", "seats": 12}])
step("POST many", r.status_code == 201 and r.json() == ["/classes.json/4", "/classes.json/5"], r)
r = session.put(STUDENTS + "/Seung_Hyun/grade", json="4.5")
step("PUT a field", r.status_code == 200 and r.json() == "4.5", r)
tag = session.get(STUDENTS + "/Da_Eun").headers["ETag"]
r = session.patch(STUDENTS + "/Da_Eun", data='{"grade":"4.0","department":null}', headers={**MERGE, "If-Match": tag})
step("merge patch with a tag", r.status_code == 200 and r.json() == {"student_number": "20185678", "grade": "4.0"}, r)
r = session.patch(STUDENTS + "/Da_Eun", data='{"grade":"1"}', headers={**MERGE, "If-Match": tag})
step("412 for an old tag", is_problem(r, 412), r)
operations = [{"op": "test", "path": "/grade", "value": "4.0"}, {"op": "add", "path": "/city", "value": "서울"}]
r = session.patch(STUDENTS + "/Da_Eun", data=json.dumps(operations), headers=PATCH)
step("JSON Patch", r.status_code == 200 and r.json()["city"] == "서울", r)
operations = [
    {"op": "replace", "path": "/classes.json/0/room", "value": "Z-1"},
    {"op": "add", "path": "/students.json/Da_Eun/room", "value": "Z-1"},
]
r = session.patch(BASE + "/", data=json.dumps(operations), headers=PATCH)
both = session.get(CLASSES + "/1/room").json() == session.get(STUDENTS + "/Da_Eun/room").json() == "Z-1"
step("JSON Patch across files", r.status_code == 200 and both, r)
operations.append({"op": "test", "path": "/students.json/Da_Eun/grade", "value": "9"})
operations[0]["value"] = "nowhere"
r = session.patch(BASE + "/", data=json.dumps(operations), headers=PATCH)
step("a failing patch changes nothing", is_problem(r, 409) and session.get(CLASSES + "/1/room").json() == "Z-1", r)
headers = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
first = session.post(CLASSES, json={"title": "Once"}, headers=headers)
r = session.post(CLASSES, json={"title": "Once"}, headers=headers)
same = (r.status_code, r.text, r.headers["Location"]) == (201, first.text, first.headers["Location"])
step("the same POST with a key", same and len(session.get(CLASSES).json()) == 6, r)
r = session.post(CLASSES, json={"title": "Twice"}, headers=headers)
step("422 for another body with the key", is_problem(r, 422), r)

# Reading a part.
r = session.get(STUDENTS, params={"department": "software", "_sort": "-grade"})
step("filter and sort", r.status_code == 200 and list(r.json()) == ["Chan_Jin", "Kim Minsu"], r)
r = session.get(STUDENTS, params={"grade:gte": "4.3"})
step("an operator", set(r.json()) == {"So_Jeong", "Seung_Hyun"} and r.headers["X-Total-Count"] == "2", r)
r = session.get(STUDENTS, params={"q": "20220001 SOFTWARE"})
step("search for words", list(r.json()) == ["Kim Minsu"], r)
r, ids = session.get(CLASSES, params={"_page": 1, "_per_page": 4, "_fields": "id"}), []
total = r.headers["X-Total-Count"]
while True:
    ids += [record["id"] for record in r.json()]
    if "next" not in r.links:
        break
    r = session.get(requests.compat.urljoin(BASE, r.links["next"]["url"]))
step("follow the pages", ids == [1, 2, 3, 4, 5, 6] and total == "6", r)
r = session.get(STUDENTS + "/Da_Eun", params={"_fields": "grade,room"})
step("some members only", r.json() == {"grade": "4.0", "room": "Z-1"}, r)
r = session.get(CLASSES, params={"jsonpath": "$[?@.seats < 30 && @.open == false].title"})
step("JSONPath", r.json() == ["Compilers"], r)
r = session.request("QUERY", BASE + "/", data="$..room", headers={"Content-Type": "application/jsonpath"})
step("QUERY at the root", r.status_code == 200 and r.json().count("Z-1") == 2, r)
whole = session.get(STUDENTS, headers={"Accept-Encoding": "identity"})
r = session.get(STUDENTS, headers={"Range": "bytes=5-14", "If-Range": whole.headers["ETag"], "Accept-Encoding": "identity"})
step("a range", r.status_code == 206 and r.content == whole.content[5:15], r)

# Other forms.
rows = {f"r{number}": {"text": "the same words again"} for number in range(100)}
session.put(BASE + "/large.json", json=rows)
r = session.get(BASE + "/large.json", headers={"Accept-Encoding": "gzip"})
step("gzip", r.headers.get("Content-Encoding") == "gzip" and r.json() == rows, r)
r = session.get(STUDENTS, headers={"Accept": "text/csv"})
table = list(csv.reader(io.StringIO(r.text, newline="")))
step("CSV", table[0][:3] == ["key", "student_number", "grade"] and len(table) == 6, r)
r = session.get(CLASSES, headers={"Accept": "application/x-ndjson"})
step("NDJSON", [json.loads(line)["id"] for line in r.text.splitlines()] == [1, 2, 3, 4, 5, 6], r)

# Removing, and what is refused.
r = session.delete(STUDENTS + "/So_Jeong")
gone = session.get(STUDENTS + "/So_Jeong")
step("DELETE", r.status_code == 200 and r.json()["grade"] == "4.4" and is_problem(gone, 404), r)
r = session.delete(BASE + "/large.json", headers={"If-Match": session.get(BASE + "/large.json").headers["ETag"]})
step("DELETE a file with its tag", r.status_code == 200 and session.get(BASE + "/large.json").status_code == 404, r)
r = session.post(STUDENTS + "/Da_Eun", json={"a": {}})
media = session.patch(STUDENTS + "/Da_Eun", data="a,b", headers={"Content-Type": "text/csv"})
syntax = session.put(STUDENTS + "/Da_Eun", data="{", headers={"Content-Type": "application/json"})
unknown = session.get(STUDENTS, params={"_nothing": "1"})
refused = is_problem(r, 405) and is_problem(media, 415) and is_problem(syntax, 400) and is_problem(unknown, 400)
step("405, 415 and 400", refused and "PATCH" in r.headers["Allow"] and "Accept-Patch" in media.headers, r)
