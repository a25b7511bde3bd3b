// Requests out of bytes: as much of HTTP/1.1 as a client of ours may send, and strict about it.

export class HeadError extends Error {}

const LIMIT = 1024 * 1024

/** What arrived: names and values exactly as they were on the wire. */
export class RecordedRequest {
  /** When the head was here. */
  headAt = performance.now()
  /** When the body was here. */
  at
  body = Buffer.alloc(0)

  constructor(method, path, rawHeaders) {
    this.method = method
    this.path = path
    /** [[name, value]] in the order of the wire. */
    this.rawHeaders = rawHeaders
    /** By lower-case name; values of a repeated header are joined by ', '. */
    this.headers = {}
    for (const [name, value] of rawHeaders) {
      const key = name.toLowerCase()
      this.headers[key] = key in this.headers ? `${this.headers[key]}, ${value}` : value
    }
  }

  /** Every value of a header, one for each line it was sent in. */
  values(name) {
    return this.rawHeaders.filter(([own]) => own.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  }

  get text() {
    return this.body.toString('utf8')
  }

  json() {
    return JSON.parse(this.text)
  }
}

export class RequestReader {
  #tell
  #bytes = Buffer.alloc(0)
  #request
  #parts = []
  #left = 0
  #isChunked = false

  /** `tell.head(request)` and `tell.request(request)` are called as they come. */
  constructor(tell) {
    this.#tell = tell
  }

  feed(bytes) {
    this.#bytes = this.#bytes.length > 0 ? Buffer.concat([this.#bytes, bytes]) : bytes
    while (this.#advance());
  }

  #advance() {
    if (!this.#request) return this.#readHead()
    if (this.#isChunked) return this.#readChunk()
    const part = this.#bytes.subarray(0, this.#left)
    this.#bytes = this.#bytes.subarray(part.length)
    this.#left -= part.length
    this.#parts.push(part)
    if (this.#left > 0) return false
    return this.#complete()
  }

  #readHead() {
    const end = this.#bytes.indexOf('\r\n\r\n')
    if (end < 0) {
      const start = this.#bytes.subarray(0, 16).toString('latin1')
      if (!/^[A-Z]*( |$)/.test(start) || this.#bytes.length > LIMIT) throw new HeadError(`no HTTP: ${JSON.stringify(start)}`)
      return false
    }
    const [first, ...lines] = this.#bytes.subarray(0, end).toString('latin1').split('\r\n')
    const parts = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(first)
    if (!parts) throw new HeadError(`no request line: ${JSON.stringify(first)}`)
    const headers = lines.map((line) => {
      const header = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
      if (!header) throw new HeadError(`no header: ${JSON.stringify(line)}`)
      return [header[1], header[2]]
    })
    this.#bytes = this.#bytes.subarray(end + 4)
    this.#request = new RecordedRequest(parts[1], parts[2], headers)
    const lengths = this.#request.values('content-length')
    if (lengths.length > 1) throw new HeadError('content-length is there twice')
    this.#isChunked = /chunked/i.test(this.#request.headers['transfer-encoding'] ?? '')
    if (this.#isChunked && lengths.length > 0) throw new HeadError('both content-length and chunked')
    this.#left = Number(lengths[0] ?? 0)
    this.#tell.head(this.#request)
    return true
  }

  #readChunk() {
    const end = this.#bytes.indexOf('\r\n')
    if (end < 0) return false
    const size = Number.parseInt(this.#bytes.subarray(0, end).toString('latin1'), 16)
    if (Number.isNaN(size)) throw new HeadError('no chunk size')
    if (this.#bytes.length < end + 2 + size + 2) return false
    this.#parts.push(this.#bytes.subarray(end + 2, end + 2 + size))
    this.#bytes = this.#bytes.subarray(end + 2 + size + 2)
    return size === 0 ? this.#complete() : true
  }

  #complete() {
    const request = this.#request
    request.body = Buffer.concat(this.#parts)
    request.at = performance.now()
    this.#request = undefined
    this.#parts = []
    this.#tell.request(request)
    return this.#bytes.length > 0
  }
}
