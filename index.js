'use strict'
// The package for `require`; index.mjs gives the same names to `import`. js/portkey-native.js is js/index.js with all that
// it needs in one file, made by tools/bundle.mjs: it loads in two thirds of the time that the files take. A name in
// between keeps Node.js from reading the whole file a second time, for names that index.mjs does not need told.

const portkey = require('./js/portkey-native.js')

module.exports = portkey
