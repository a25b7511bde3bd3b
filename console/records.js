'use strict'
// Questions to a database of records. The engine reads it; this puts them into its words.

const { native } = require('../js/native.js')

/** `question`: `{ list: filter }`, `{ one: id }`, `{ figures: { filter, step } }` `'targets'` or `'choices'`. */
const ask = (database, question) => JSON.parse(native().readRecords(database, JSON.stringify(question)))

module.exports = { ask }
