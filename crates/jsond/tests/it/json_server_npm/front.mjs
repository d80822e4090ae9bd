// A small front end of the common kind: it lists, pages, creates, edits, deletes and embeds, and
// prints what it saw, a line of JSON for each step. Ids that the server made are left out.
//
//     node front.mjs http://127.0.0.1:3000 envelope|header
//
// The second argument is all that it knows of the version: whether a page comes in an envelope
// (_page, _per_page) or with a count in a field (_page, _limit).

const [base, paging] = process.argv.slice(2)
const made = new Set()

async function call(method, path, body) {
  const headers = { connection: 'close' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const response = await fetch(base + path, { method, headers, body: JSON.stringify(body) })
  const type = (response.headers.get('content-type') ?? '').split(';')[0]
  return { status: response.status, ok: response.ok, type, data: await response.json(), response }
}

function hide(value) {
  if (Array.isArray(value)) return value.map(hide)
  if (value === null || typeof value !== 'object') return value
  const known = Object.entries(value).filter(([name, id]) => name !== 'id' || !made.has(id))
  return Object.fromEntries(known.map(([name, member]) => [name, hide(member)]))
}

function print(step, { status, ok, type, data }) {
  console.log(JSON.stringify({ step, status, ok, type, data: hide(data) }))
}

async function page(number, size) {
  if (paging === 'envelope') {
    const answer = await call('GET', `/posts?_page=${number}&_per_page=${size}`)
    const { items, pages, next, data } = answer.data
    return { ...answer, data: { total: items, pages, more: next !== null, rows: data } }
  }
  const answer = await call('GET', `/posts?_page=${number}&_limit=${size}`)
  const total = Number(answer.response.headers.get('x-total-count'))
  const more = (answer.response.headers.get('link') ?? '').includes('rel="next"')
  return { ...answer, data: { total, pages: Math.ceil(total / size), more, rows: answer.data } }
}

async function read() {
  print('list', await call('GET', '/posts'))
  print('detail', await call('GET', '/posts/2'))
  print('missing', await call('GET', '/posts/404'))
  print('unknown', await call('GET', '/nothing'))
  print('filter by text', await call('GET', '/posts?author=lee'))
  print('filter by truth', await call('GET', '/posts?published=true'))
  print('filter by number', await call('GET', '/posts?views_gte=100'))
  print('filter by two', await call('GET', '/posts?author=lee&published=true'))
  print('no match', await call('GET', '/posts?author=nobody'))
  print('sorted', await call('GET', '/posts?_sort=title'))
  print('sorted by two', await call('GET', '/posts?_sort=author,views'))
  for (const number of [1, 2, 3]) print(`page ${number}`, await page(number, 2))
  print('embedded in a list', await call('GET', '/posts?_embed=comments'))
  print('embedded in one', await call('GET', '/posts/1?_embed=comments'))
  print('singleton', await call('GET', '/profile'))
}

async function write() {
  const draft = { title: 'elm', author: 'park', views: 0, published: false }
  const created = await call('POST', '/posts', draft)
  const { id } = created.data
  made.add(id)
  print('created', created)
  print('created, read', await call('GET', `/posts/${id}`))
  print('edited in part', await call('PATCH', `/posts/${id}`, { views: 1, note: null }))
  const { data: whole } = await call('GET', `/posts/${id}`)
  print('edited as a whole', await call('PUT', `/posts/${id}`, { ...whole, title: 'elder' }))
  print('a child', await child(1))
  print('with its child', await call('GET', '/posts/1?_embed=comments'))
  print('listed', await call('GET', '/posts'))
  print('deleted', await call('DELETE', `/posts/${id}`))
  print('deleted, read', await call('GET', `/posts/${id}`))
  print('deleted again', await call('DELETE', `/posts/${id}`))
  print('edit of nothing', await call('PATCH', '/posts/404', { views: 1 }))
  print('whole of nothing', await call('PUT', '/posts/404', { views: 1 }))
  print('singleton in part', await call('PATCH', '/profile', { theme: 'dark' }))
  print('singleton as a whole', await call('PUT', '/profile', { name: 'new' }))
  print('at the end', await call('GET', '/posts'))
}

// The key has the type that ids of this server have.
async function child(number) {
  const { data: parent } = await call('GET', `/posts/${number}`)
  const answer = await call('POST', '/comments', { text: 'me too', postId: parent.id })
  made.add(answer.data.id)
  return answer
}

await read()
await write()
