'use strict'
// Methods that are made of other methods. Each is `(client) => method`, and hangs on the resource tree under its name,
// beside the rows of the endpoint table. Their types stand in tools/derive.mjs.

module.exports = {
  ...require('./chat.js'),
}
