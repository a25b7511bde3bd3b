// What came as a form, read by Node's own parser of multipart bodies.

/** The form of a recorded request. */
export function formOf(request) {
  return new Response(request.body, { headers: { 'content-type': request.headers['content-type'] } }).formData()
}

/** Its parts in order: texts as they are, files as `{ name, type, text }`. */
export async function partsOf(request) {
  const parts = []
  for (const [name, value] of await formOf(request)) {
    parts.push([name, typeof value === 'string' ? value : { name: value.name, type: value.type, text: await value.text() }])
  }
  return parts
}
