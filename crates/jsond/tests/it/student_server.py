"""A server as students of the course write it, for the tests of the client.

Reads `METHOD file` and knows nothing of HTTP: bare line feeds, a Date in no standard form, no
Content-Length on the 300, a raw line of words in answer, and the connection closed after the final
reply. One connection at a time. Prints its port; ends when its standard input does.
"""
import datetime
import json
import os
import socket
import sys
import threading

folder, style = sys.argv[1], (sys.argv[2] if len(sys.argv) > 2 else "bare")
REASONS = {200: "OK", 201: "Created", 300: "Multiple Choices", 400: "Bad Request", 404: "Not Found"}
PROMPTS = {"PUT": "key wantToUpdate value", "DELETE": "key"}


def reply(connection, status, body=""):
    head = f"HTTP/1.1 {status} {REASONS[status]}\n"
    head += f"Date: {datetime.datetime.now()}\nServer: student\nContent-Type: text/plain\n"
    if style == "words":  # a header that no parser takes, and no empty line
        head = f"HTTP/1.1 {status} {REASONS[status]}\nContent Type = text\n" if body else head
        connection.sendall((head + body).encode())
        return
    connection.sendall((head + "\n" + body).encode())


def change(method, data, words):
    if method == "POST" and len(words) == 4 and words[0] not in data:
        data[words[0]] = dict(zip(["student_number", "grade", "department"], words[1:]))
        return 201
    if method == "PUT" and len(words) == 3 and words[0] in data:
        data[words[0]][words[1]] = words[2]
        return 200
    if method == "DELETE" and len(words) == 1 and words[0] in data:
        del data[words[0]]
        return 200
    return 400


def dialogue(connection):
    line = connection.recv(1024).decode().split("\r\n")[0].split(" ")
    print("request", line, file=sys.stderr, flush=True)
    method, name = line[0], line[1]
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return reply(connection, 404)
    if method not in ("GET", "POST", "PUT", "DELETE"):
        return reply(connection, 400)
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    if method == "GET":
        return reply(connection, 200, json.dumps(data, ensure_ascii=False))
    fields = PROMPTS.get(method, "key student_number grade department")
    reply(connection, 300, "Enter follow data : " + fields)
    answer = connection.recv(1024).decode()
    print("answer", repr(answer), file=sys.stderr, flush=True)
    status = change(method, data, answer.split(" "))
    if status < 300:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, indent="\t")
    reply(connection, status)


def watch():
    sys.stdin.read()
    os._exit(0)


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Thread(target=watch, daemon=True).start()
while True:
    accepted, _ = listener.accept()
    with accepted:
        dialogue(accepted)
