'use strict'
// A promise with what settles it, as newer versions of Node.js have it. Its executor is one function for all: of a function
// that is made anew each time, V8's next major collection may throw away the optimised code.

let settlers

const executor = (resolve, reject) => {
  settlers = { resolve, reject }
}

/** { promise, resolve, reject }; the promise is a `Kind`, whose constructor gets `argument` too. */
function deferred(Kind = Promise, argument = undefined) {
  const promise = new Kind(executor, argument)
  const { resolve, reject } = settlers
  settlers = undefined
  return { promise, resolve, reject }
}

module.exports = { deferred }
