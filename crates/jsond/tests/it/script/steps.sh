#!/usr/bin/env bash
# Thirty steps that a person with curl takes. Usage: steps.sh http://HOST:PORT
#
# Begins with the folder of examples/school. Prints `ok N what` for each step, and ends with 1 and one
# clear line at the first answer that is not the expected one.
set -uo pipefail

base=${1%/}
students=$base/students.json
classes=$base/classes.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
steps=0
merge='Content-Type: application/merge-patch+json'
patch='Content-Type: application/json-patch+json'

# Runs curl; leaves the status in $status, the last head in $work/head, the body in $work/body.
ask() {
    : >"$work/head"
    : >"$work/body"
    status=$(curl -q -sS --noproxy '*' --max-time 20 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@") || status="curl $?"
    asked="$*"
}

body() { cat "$work/body"; }

# The value of a field of the last answer.
field() { tr -d '\r' <"$work/head" | awk -v name="$1" 'tolower($0) ~ "^" tolower(name) ":" { sub(/^[^:]*: */, ""); print }' | tail -n 1; }

# Whether a Python expression is true of the body as JSON, `v`.
holds() { python3 -c 'import json, sys
try:
    v = json.load(open(sys.argv[1], encoding="utf-8"))
    sys.exit(0 if eval(sys.argv[2]) else 1)
except (ValueError, KeyError, TypeError, IndexError):
    sys.exit(1)' "$work/body" "$1"; }

# step WHAT STATUS [CHECK…]: counts a step, or says what came instead. Each CHECK is a command line.
step() {
    local what=$1 expected=$2
    shift 2
    steps=$((steps + 1))
    [ "$status" = "$expected" ] || fail "$what" "status $expected was expected"
    for check in "$@"; do
        eval "$check" || fail "$what" "this does not hold: $check"
    done
    echo "ok $steps $what"
}

fail() {
    echo "FAILED $steps $1: $2; curl $asked: $status $(head -c 800 "$work/head" | tr '\r\n' '  ') $(head -c 500 "$work/body")" >&2
    exit 1
}

is_problem() { [ "$(field Content-Type)" = application/problem+json ] && holds "v['status'] == $status and v['type'] and v['title'] and v['detail']"; }

# Reading.
ask "$students"
step 'read a file' 200 'holds "list(v) == [\"Chan_Jin\", \"Da_Eun\", \"So_Jeong\"]"'
ask --etag-save "$work/tag" "$students"
ask --etag-compare "$work/tag" "$students"
step '304 for a known tag' 304 '[ ! -s "$work/body" ]'
ask -I "$students"
step 'HEAD' 200 '[ -n "$(field ETag)" ]' '[ "$(field Content-Length)" -gt 100 ]'
ask -z "$(field Last-Modified)" "$students"
step '304 for a known date' 304
ask -X OPTIONS "$students"
step 'OPTIONS' 204 '[[ $(field Allow) == *PATCH* ]]' '[[ $(field Accept-Query) == *jsonpath* ]]'
ask "$students/Da_Eun/grade"
step 'read a field' 200 '[ "$(body)" = "\"3.9\"" ]'

# Creating and changing.
echo '{"room": "C-3"}' >"$work/file.json"
ask -T "$work/file.json" "$students/Seung_Hyun"
step 'PUT a record from a file' 201 '[ "$(field Location)" = /students.json/Seung_Hyun ]'
ask -d '{"X":{"grade":"4.3"}}' "$students"
step 'POST a record' 201 '[ "$(field Location)" = /students.json/X ]'
ask -H 'Content-Type: application/json' -d '[{"title":"Graphs"},{"title":"Logic"}]' "$classes"
step 'POST many' 201 'holds "v == [\"/classes.json/4\", \"/classes.json/5\"]"'
ask -X PUT -d 4.5 "$students/Chan_Jin/grade"
step 'PUT a field' 200 '[ "$(body)" = 4.5 ]'
ask "$students/Da_Eun"
tag=$(field ETag)
ask -X PATCH -H "$merge" -H "If-Match: $tag" -d '{"grade":"4.0","department":null}' "$students/Da_Eun"
step 'merge patch with a tag' 200 'holds "v == {\"student_number\": \"20185678\", \"grade\": \"4.0\"}"'
ask -X PATCH -H "$merge" -H "If-Match: $tag" -d '{"grade":"1"}' "$students/Da_Eun"
step '412 for an old tag' 412 is_problem
ask -X PATCH -H "$patch" -d '[{"op":"test","path":"/grade","value":"4.0"},{"op":"add","path":"/city","value":"Seoul"}]' "$students/Da_Eun"
step 'JSON Patch' 200 'holds "v[\"city\"] == \"Seoul\""'
ask -X PATCH -H "$patch" -d '[{"op":"replace","path":"/classes.json/0/room","value":"Z-1"},{"op":"remove","path":"/students.json/X"}]' "$base/"
across=$status
ask "$classes/1/room"
step 'JSON Patch across files' 200 '[ "$across" = 200 ]' '[ "$(body)" = "\"Z-1\"" ]'
ask -X PATCH -H "$patch" -d '[{"op":"remove","path":"/classes.json/0"},{"op":"remove","path":"/students.json/X"}]' "$base/"
step 'a failing patch says why' 409 is_problem
ask -H 'Idempotency-Key: "a-key-of-curl"' -d '{"title":"Once"}' "$classes"
first=$(body)
ask -H 'Idempotency-Key: "a-key-of-curl"' -d '{"title":"Once"}' "$classes"
step 'the same POST with a key' 201 '[ "$(body)" = "$first" ]' 'holds "v[\"id\"] == 6"'
ask -H 'Idempotency-Key: "a-key-of-curl"' -d '{"title":"Twice"}' "$classes"
step '422 for another body with the key' 422 is_problem

# Reading a part.
ask -G --data-urlencode 'seats:gte=30' --data-urlencode '_sort=-seats' --data-urlencode '_fields=id,seats' "$classes"
step 'filter, sort and fields' 200 'holds "v == [{\"id\": 1, \"seats\": 40}, {\"id\": 2, \"seats\": 32}]"' '[ "$(field X-Total-Count)" = 2 ]'
ask -G --data-urlencode 'q=SOFT 20171234' "$students"
step 'search for words' 200 'holds "list(v) == [\"Chan_Jin\"]"'
next="$classes?_page=1&_per_page=4" seen=''
for _ in 1 2 3; do
    [ -n "$next" ] || break
    ask "$next"
    seen="$seen $(python3 -c 'import json, sys; print(*[r["id"] for r in json.load(sys.stdin)])' <"$work/body")"
    next=$(field Link | tr ',' '\n' | sed -n 's/.*<\([^>]*\)>;.*rel="\{0,1\}next.*/\1/p')
    case $next in /*) next=$base$next ;; \?*) next=$classes$next ;; esac
done
step 'follow the pages' 200 '[ "$seen" = " 1 2 3 4 5 6" ]' '[ -z "$next" ]' '[ "$(field X-Total-Count)" = 6 ]'
ask -G --data-urlencode 'jsonpath=$[?@.open == false].title' "$classes"
step 'JSONPath' 200 'holds "v == [\"Compilers\"]"'
ask -X QUERY -H 'Content-Type: application/jsonpath' -d '$..city' "$base/"
step 'QUERY at the root' 200 'holds "v == [\"Seoul\"]"'
ask "$students"
cp "$work/body" "$work/whole"
ask -r 3-12 "$students"
step 'a range' 206 '[ "$(body)" = "$(tail -c +4 "$work/whole" | head -c 10)" ]' '[[ $(field Content-Range) == "bytes 3-12/"* ]]'
ask -r 999999- "$students"
step 'a range beyond the end' 416 is_problem '[[ $(field Content-Range) == "bytes */"* ]]'

# Other forms.
python3 -c 'import json; print(json.dumps({f"r{n}": {"text": "the same words again"} for n in range(100)}))' >"$work/large.json"
ask -T "$work/large.json" "$base/large.json"
ask --compressed "$base/large.json"
step 'a compressed answer' 200 '[[ $(field Content-Encoding) =~ ^(gzip|br)$ ]]' 'holds "len(v) == 100"'
ask -H 'Accept: text/csv' "$classes"
step 'CSV' 200 '[ "$(head -n 2 "$work/body")" = "$(printf "id,title,room,seats,open\r\n1,Networks,Z-1,40,true\r")" ]'
ask -H 'Accept: application/x-ndjson' "$students"
step 'NDJSON' 200 '[ "$(wc -l <"$work/body")" = 4 ]' '[ "$(head -c 13 "$work/body")" = "{\"Chan_Jin\":{" ]'

# Removing, and what is refused.
ask -X DELETE "$students/So_Jeong"
removed=$status
ask "$students/So_Jeong"
step 'DELETE' 404 '[ "$removed" = 200 ]' is_problem
ask -X DELETE -H 'If-Match: *' "$base/large.json"
removed=$status
ask -X DELETE "$students"
step 'DELETE a file only when it is meant' 300 '[ "$removed" = 200 ]' '[ "$(body)" = "Enter follow data : key" ]'
ask -H 'Content-Type: application/json' -d '{}' "$students/Da_Eun"
wrong=$status
ask -X PATCH -H 'Content-Type: text/csv' -d 'a,b' "$students/Da_Eun"
wrong="$wrong $status $(field Accept-Patch | grep -c merge-patch)"
ask -X PUT -H 'Content-Type: application/json' -d '{"a":' "$students/Da_Eun"
step '405, 415 and 400' 400 '[ "$wrong" = "405 415 1" ]' is_problem 'holds "v[\"line\"] == 1"'
