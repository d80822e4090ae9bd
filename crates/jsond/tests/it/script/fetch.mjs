#!/usr/bin/env node
// Thirty steps that a person with fetch takes. Usage: fetch.mjs http://HOST:PORT
//
// Begins with the folder of examples/school. Prints `ok N what` for each step, and ends with 1 and one
// clear line at the first answer that is not the expected one.

import { isDeepStrictEqual as same } from 'node:util';

const base = process.argv[2].replace(/\/$/, '');
const students = `${base}/students.json`;
const classes = `${base}/classes.json`;
const types = {
  json: 'application/json',
  merge: 'application/merge-patch+json',
  patch: 'application/json-patch+json',
  jsonpath: 'application/jsonpath',
};
let steps = 0;

/** One request; the answer with its text, and its value where it is JSON. */
async function send(method, url, { type, body, headers = {} } = {}) {
  const given = type ? { 'Content-Type': types[type] ?? type, ...headers } : headers;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(url, { method, headers: given, body: text });
  const content = await answer.text();
  let value;
  try {
    value = JSON.parse(content);
  } catch {
    // Not every answer is JSON.
  }
  return { method, url, status: answer.status, headers: answer.headers, content, value };
}

const get = (url, headers) => send('GET', url, { headers });

/** Counts a step that went as expected, or says what came instead. */
function step(what, condition, answer) {
  steps += 1;
  if (!condition) {
    const fields = JSON.stringify(Object.fromEntries(answer.headers));
    const shown = `${answer.status} ${fields} ${JSON.stringify(answer.content.slice(0, 500))}`;
    console.error(`FAILED ${steps} ${what}: ${answer.method} ${answer.url}: ${shown}`);
    process.exit(1);
  }
  console.log(`ok ${steps} ${what}`);
}

function isProblem(answer, status) {
  const { value } = answer;
  const whole = ['type', 'title', 'detail'].every((name) => value?.[name]);
  const type = answer.headers.get('content-type');
  return answer.status === status && type === 'application/problem+json' && value.status === status && whole;
}

const query = (url, parameters) => get(`${url}?${new URLSearchParams(parameters)}`);

/** The target of a relation in Link. */
function link(answer, relation) {
  for (const part of (answer.headers.get('link') ?? '').split(/,\s*(?=<)/)) {
    const [, target, name] = part.match(/^<([^>]*)>.*;\s*rel="?([a-z]+)"?/) ?? [];
    if (name === relation) return new URL(target, answer.url).href;
  }
  return undefined;
}

// Reading.
let r = await get(students);
step('read a file', r.status === 200 && same(Object.keys(r.value), ['Chan_Jin', 'Da_Eun', 'So_Jeong']), r);
const whole = r;
r = await get(students, { 'If-None-Match': whole.headers.get('etag') });
step('304 for a known tag', r.status === 304 && r.content === '', r);
r = await send('HEAD', students);
step('HEAD', r.status === 200 && r.content === '' && r.headers.get('etag') === whole.headers.get('etag'), r);
r = await send('OPTIONS', students);
const allowed = (r.headers.get('allow') ?? '').split(/,\s*/);
step('OPTIONS', r.status === 204 && ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'QUERY'].every((name) => allowed.includes(name)), r);
r = await get(`${students}/Da_Eun/grade`);
step('read a field', r.value === '3.9', r);

// Creating and changing.
const minsu = { student_number: '20220001', grade: '3.5', department: 'software' };
r = await send('PUT', `${students}/${encodeURIComponent('Kim Minsu')}`, { type: 'json', body: minsu });
step('PUT a record', r.status === 201 && r.headers.get('location') === '/students.json/Kim%20Minsu', r);
r = await send('POST', classes, { type: 'json', body: { title: 'Graphs', seats: 10 } });
step('POST a record', r.status === 201 && r.value.id === 4 && r.headers.get('location') === '/classes.json/4', r);
r = await send('POST', students, { type: 'json', body: { A: { grade: '1.0' }, B: { grade: '2.0' } } });
step('POST many', r.status === 201 && same(r.value, ['/students.json/A', '/students.json/B']), r);
r = await send('PUT', `${students}/A/grade`, { type: 'json', body: '"1.5"' });
step('PUT a field', r.status === 200 && r.value === '1.5', r);
const tag = (await get(`${students}/Da_Eun`)).headers.get('etag');
r = await send('PATCH', `${students}/Da_Eun`, { type: 'merge', body: { grade: '4.0', department: null }, headers: { 'If-Match': tag } });
step('merge patch with a tag', r.status === 200 && same(r.value, { student_number: '20185678', grade: '4.0' }), r);
r = await send('PATCH', `${students}/Da_Eun`, { type: 'merge', body: { grade: '1' }, headers: { 'If-Match': tag } });
step('412 for an old tag', isProblem(r, 412), r);
r = await send('PATCH', classes, { type: 'patch', body: [{ op: 'replace', path: '/0/room', value: '가-1' }] });
step('JSON Patch', r.status === 200 && r.value[0].room === '가-1', r);
const across = [
  { op: 'copy', from: '/classes.json/0/room', path: '/students.json/Da_Eun/room' },
  { op: 'remove', path: '/students.json/B' },
];
r = await send('PATCH', `${base}/`, { type: 'patch', body: across });
step('JSON Patch across files', r.status === 200 && (await get(`${students}/Da_Eun/room`)).value === '가-1', r);
r = await send('PATCH', `${base}/`, { type: 'patch', body: [{ op: 'remove', path: '/classes.json/0' }, ...across] });
step('a failing patch changes nothing', isProblem(r, 409) && (await get(`${classes}/1/room`)).value === '가-1', r);
const keyed = { type: 'json', body: { title: 'Once' }, headers: { 'Idempotency-Key': '"a-key-of-fetch"' } };
const first = await send('POST', classes, keyed);
r = await send('POST', classes, keyed);
step('the same POST with a key', r.status === 201 && r.content === first.content && (await get(classes)).value.length === 5, r);
r = await send('POST', classes, { ...keyed, body: { title: 'Twice' } });
step('422 for another body with the key', isProblem(r, 422), r);

// Reading a part.
r = await query(students, { department: 'software', _sort: 'grade' });
step('filter and sort', same(Object.keys(r.value), ['Kim Minsu', 'Chan_Jin']), r);
r = await query(classes, { 'seats:gt': '24' });
step('an operator', same(r.value.map((record) => record.id), [1, 2]) && r.headers.get('x-total-count') === '2', r);
r = await query(students, { q: 'software 20220001' });
step('search for words', same(Object.keys(r.value), ['Kim Minsu']), r);
let page = await query(classes, { _page: '1', _per_page: '2' });
const ids = page.value.map((record) => record.id);
for (let next = link(page, 'next'); next; next = link(page, 'next')) {
  page = await get(next);
  ids.push(...page.value.map((record) => record.id));
}
step('follow the pages', same(ids, [1, 2, 3, 4, 5]) && page.headers.get('x-total-count') === '5', page);
r = await query(classes, { _fields: 'id,title', _limit: '1' });
step('some members only', same(r.value, [{ id: 1, title: 'Networks' }]), r);
r = await query(classes, { jsonpath: '$[?@.seats > 30 && @.open].title' });
step('JSONPath', same(r.value, ['Networks', 'Databases']), r);
r = await send('QUERY', students, { type: 'jsonpath', body: '$.*.grade' });
step('QUERY', r.status === 200 && same(r.value, ['4.1', '4.0', '4.4', '3.5', '1.5']), r);
const identity = await get(students, { 'Accept-Encoding': 'identity' });
r = await get(students, { Range: 'bytes=-20', 'Accept-Encoding': 'identity' });
step('a range', r.status === 206 && identity.content.endsWith(r.content) && r.content.length === 20, r);

// Other forms.
const rows = Object.fromEntries(Array.from({ length: 100 }, (_, number) => [`r${number}`, { text: 'the same words' }]));
await send('PUT', `${base}/large.json`, { type: 'json', body: rows });
r = await get(`${base}/large.json`, { 'Accept-Encoding': 'gzip' });
step('gzip', r.headers.get('content-encoding') === 'gzip' && same(r.value, rows), r);
r = await get(classes, { Accept: 'text/csv' });
step('CSV', r.content.startsWith('id,title,room,seats,open\r\n1,Networks,가-1,40,true\r\n'), r);
r = await get(students, { Accept: 'application/x-ndjson' });
const lines = r.content.trimEnd().split('\n').map((line) => Object.keys(JSON.parse(line))[0]);
step('NDJSON', same(lines, ['Chan_Jin', 'Da_Eun', 'So_Jeong', 'Kim Minsu', 'A']), r);

// Removing, and what is refused.
r = await send('DELETE', `${classes}/4`);
step('DELETE', r.status === 200 && r.value.title === 'Graphs' && isProblem(await get(`${classes}/4`), 404), r);
const asked = await send('DELETE', `${base}/large.json`);
r = await send('DELETE', `${base}/large.json`, { headers: { 'If-Match': '*' } });
step('DELETE a file only when it is meant', asked.status === 300 && r.status === 200 && (await get(`${base}/large.json`)).status === 404, r);
r = await send('POST', `${students}/A/grade`, { type: 'json', body: '1' });
const media = await send('PATCH', students, { type: 'text/csv', body: 'a,b' });
const syntax = await send('PUT', `${students}/A`, { type: 'json', body: '{"a":' });
const unknown = await query(students, { _nothing: '1' });
const refused = isProblem(r, 405) && isProblem(media, 415) && isProblem(syntax, 400) && isProblem(unknown, 400);
step('405, 415 and 400', refused && media.headers.has('accept-patch') && syntax.value.line === 1, r);
