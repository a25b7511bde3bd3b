'use strict'
// Methods that are made of other methods. Each is `(client, row) => method`, and hangs on the resource tree under its name,
// beside the rows of the endpoint table; `row` is the row of the same name, if there is one. Their types stand in
// tools/derive.mjs.

module.exports = {
  ...require('./assistants.js'),
  ...require('./calls.js'),
  ...require('./chat.js'),
  ...require('./polling.js'),
  ...require('./responses.js'),
  ...require('./webhooks.js'),
}
