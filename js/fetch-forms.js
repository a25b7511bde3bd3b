'use strict'
// Forms that other people's clients hand to `portkey.fetch`, as the object that the client's own method takes. Their files
// are read while they are sent.

/** The form of a request's body; undefined where it is none. */
async function formOf(body, headers) {
  if (body instanceof FormData) return body
  const type = headers.get('content-type') ?? ''
  if (body == null || !type.toLowerCase().startsWith('multipart/form-data')) return undefined
  return new Response(body, { headers: { 'content-type': type } }).formData()
}

/** Calls the method of an endpoint with a form, and what the URL's path holds. */
function callWithForm(client, { row }, form, { headers, query, params, arguments: given = [] }, signal) {
  const object = objectOf(form)
  const holes = [...row.path.matchAll(/\{([.+*]?)([^}|]+)[^}]*\}/g)].map(([, mark, name], at) => ({ mark, name, value: given[at] }))
  const leading = holes.filter(({ mark }) => mark === '').map(({ value }) => value)
  for (const { mark, name, value } of holes) if (mark !== '') object[name] = value
  const isStreamed = row.streams && object.stream === 'true'
  const opts = { headers: Object.fromEntries(headers ?? []), query: Object.fromEntries(new URLSearchParams(query)), signal }
  const method = row.call.split('.').reduce((node, name) => node[name], client)
  return { isStreamed, call: method(...leading, object, params, isStreamed ? { ...opts, stream: true } : opts) }
}

/** The fields of a form: `a[]` is a list, `a[b]` a field of an object. */
function objectOf(form) {
  const object = Object.create(null)
  for (const [field, value] of form) {
    const [, name, path] = /^([^[]*)(.*)$/s.exec(field)
    put(object, [name, ...[...path.matchAll(/\[([^\]]*)\]/g)].map(([, step]) => step)], value)
  }
  return object
}

function put(target, [name, next, ...rest], value) {
  if (next === undefined) target[name] = value
  else if (next === '') target[name] = [...(target[name] ?? []), value]
  else put((target[name] ??= Object.create(null)), [next, ...rest], value)
}

module.exports = { callWithForm, formOf, objectOf }
