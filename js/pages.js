'use strict'
// Lists that go on: the provider's own object, with ways to the next page that nobody sees.

const { ConfigError } = require('./errors.js')
const { APIPromise } = require('./promise.js')

/** A list on its way, which can be iterated over before it is there: `for await (const file of client.files.list())`. */
class PagePromise extends APIPromise {
  async *[Symbol.asyncIterator]() {
    yield* await this
  }
}

/** The identifier that the next page follows; undefined where the host says of no further page. */
function cursorOf({ data, has_more, last_id }) {
  if (has_more !== true || !Array.isArray(data) || data.length === 0) return undefined
  return last_id ?? data.at(-1).id ?? undefined
}

/** Hangs the ways to the next page on a list. `follow(cursor)` asks for the page behind `cursor`. */
function withPages(list, follow) {
  if (typeof list !== 'object' || list === null || Array.isArray(list)) return list
  const hasNextPage = () => cursorOf(list) !== undefined
  const getPaginatedItems = () => list.data ?? []
  const getNextPage = async () => {
    const cursor = cursorOf(list)
    if (cursor === undefined) throw new ConfigError('There is no next page: hasNextPage() tells.')
    return follow(cursor)
  }
  async function* iterPages() {
    let page = list
    for (;;) {
      yield page
      if (!page.hasNextPage()) return
      page = await page.getNextPage()
    }
  }
  async function* items() {
    for await (const page of iterPages()) yield* page.getPaginatedItems()
  }
  const methods = { hasNextPage, getNextPage, getPaginatedItems, iterPages, [Symbol.asyncIterator]: items }
  for (const name of Reflect.ownKeys(methods)) {
    Object.defineProperty(list, name, { value: methods[name], configurable: true, writable: true })
  }
  return list
}

module.exports = { PagePromise, withPages }
