'use strict'
// The package for `require`; index.mjs gives the same names to `import`. js/portkey-native.js is js/index.js with all that it
// needs in one file, made by tools/bundle.mjs: it loads in two thirds of the time that the files take. It stands in a variable
// first, or Node.js would read the whole file a second time to find names in it when an ES module imports this one.

const portkey = require('./js/portkey-native.js')

module.exports = portkey
