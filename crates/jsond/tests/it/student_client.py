# The client of a student's first week with sockets: one recv, no line end on the answer.
import socket
import sys

HOST, PORT = "127.0.0.1", int(sys.argv[1])

method = input("Method : ")
target = input("File : ")
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect((HOST, PORT))
s.sendall(f"{method} {target}{sys.argv[2] if len(sys.argv) > 2 else ''}\r\nHost: {HOST}\r\n\n\n".encode())
reply = s.recv(1024).decode()
print(reply)
if reply[9:12] == "300":
    answer = input(reply.split("\r\n\r\n")[1])
    s.sendall(answer.encode())
    reply = s.recv(1024).decode()
    print(reply)
s.close()
