'use strict'
// The package for `require`: the class itself, with every public name on it. index.mjs gives the same names to `import`.

const errors = require('./js/errors.js')
const { toFile } = require('./js/files.js')
const { PORTKEY_GATEWAY_URL, createHeaders } = require('./js/options.js')
const { Portkey } = require('./js/portkey.js')
const { APIPromise } = require('./js/promise.js')
const { Stream } = require('./js/stream.js')

const { errorFrom, headersOf, ...errorClasses } = errors

Object.assign(Portkey, errorClasses, { APIPromise, Portkey, PORTKEY_GATEWAY_URL, Stream, createHeaders, default: Portkey, toFile })
Object.defineProperty(Portkey, '__esModule', { value: true })

module.exports = Portkey
